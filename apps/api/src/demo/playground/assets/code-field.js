/**
 * The code in what was typed or pasted: `123 456`, `123-456`, `Your code is 123456.`
 * @returns only digits, at most as many as a code has
 */
export function codeIn(text, length) {
  const plain = text.normalize('NFKC');
  if (/^[\d\s-]*$/.test(plain)) return digitsOf(plain).slice(0, length);
  const whole = new RegExp(`(?<!\\d)\\d(?:[ -]?\\d){${length - 1}}(?!\\d)`).exec(plain);
  return digitsOf(whole?.[0] ?? plain).slice(0, length);
}

function digitsOf(text) {
  return text.replaceAll(/\D/g, '');
}

/** The parts of a JWT that can be read. Its signature is for those who rely on it to check. */
export function readToken(token) {
  const [header, claims] = token.split('.').slice(0, 2).map(decode);
  return { header, claims };
}

function decode(part) {
  const base64 = part.replaceAll('-', '+').replaceAll('_', '/');
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}

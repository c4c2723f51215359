/**
 * The code of an origin-bound last line (`@host #code`); else the first 4 to 10 digits; else the first word of 4 to 10
 * letters and digits with a digit in it. Boundaries are ASCII: a digit beside a Chinese character still starts a code.
 */
export function findCode(body: string): string | null {
  const lastLine = body.trimEnd().split('\n').at(-1) ?? '';
  const bound = /^@\S+ #(\S+)/.exec(lastLine)?.[1];
  if (bound !== undefined) return bound;
  const found = /(?<![\w+])\d{4,10}(?!\w)/.exec(body) ?? /(?<!\w)(?=\w*\d)[A-Za-z\d]{4,10}(?!\w)/.exec(body);
  return found?.[0] ?? null;
}

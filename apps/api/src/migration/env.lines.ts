import { parse } from 'dotenv';

const NAME = /^[\w.-]+$/;

/**
 * A line of a `.env` file (several, if the value has line breaks) that is read back as exactly this value.
 * @returns undefined if there is none: the name has other characters, or the value all three kinds of quotes
 */
export function envLine(name: string, value: string): string | undefined {
  if (!NAME.test(name) || name === '__proto__') return undefined;
  const doubled = value.replaceAll('\r', '\\r');
  const spellings = [
    plain(value),
    `'${value}'`,
    `"${doubled}"`,
    `\`${value}\``,
    `"${doubled.replaceAll('\n', '\\n')}"`,
  ];
  return spellings
    .filter((spelling) => spelling !== undefined)
    .map((spelling) => `${name}=${spelling}`)
    .find((line) => isReadBack(line, name, value));
}

/** Without quotes, only what needs none wherever it stands. */
function plain(value: string): string | undefined {
  return /^([^\s'"`#][^\r\n'"`#]*)?$/.test(value) ? value : undefined;
}

/** Whatever lines follow. */
function isReadBack(line: string, name: string, value: string): boolean {
  return ['', '# "', "# '", '# `'].every((next) => {
    const read = parse(`${line}\n${next}\nNEXT=1`);
    return read[name] === value && (name === 'NEXT' || read['NEXT'] === '1') && Object.keys(read).length <= 2;
  });
}

import { parse } from 'dotenv';
import type { OldContent, OldParameter, UnreadLine } from './old-file.js';

const QUOTE_OPENED = /^\s*(?:export\s+)?[\w.-]+\s*[=:]\s*(['"`])/;
/** Lines over which a value in quotes is followed. */
const LONGEST_VALUE = 500;

/** Reads a `.env` file exactly as the service itself would, and keeps account of the lines. */
export function readEnv(text: string): OldContent {
  const lines = text.split(/\r\n|\n|\r/);
  const parameters: OldParameter[] = [];
  const unread: UnreadLine[] = [];
  const skipped: number[] = [];
  for (let start = 0; start < lines.length;) {
    const height = heightAt(lines, start);
    const line = start + 1;
    const [entry] = Object.entries(parse(lines.slice(start, start + height).join('\n')));
    const begin = lines[start].trim();
    if (entry) parameters.push({ name: entry[0], value: entry[1], line });
    else if (begin.startsWith('#')) skipped.push(line);
    else if (begin !== '') unread.push({ line, reason: 'is no NAME=value' });
    start += height;
  }
  return { parameters, unread, skipped };
}

/** How many lines the parameter takes that begins here: more than one if its value is in quotes and has line breaks. */
function heightAt(lines: readonly string[], start: number): number {
  const quote = QUOTE_OPENED.exec(lines[start])?.[1];
  if (quote === undefined) return 1;
  let found = 1;
  for (let height = 1; height <= LONGEST_VALUE && start + height <= lines.length; height++) {
    if (!lines[start + height - 1].includes(quote)) continue;
    const value = closedValue(lines.slice(start, start + height).join('\n'), quote);
    if (value === undefined) continue;
    if (!value.endsWith('\\')) return height;
    found = height; // a quote after a backslash closes the value only if no other does
  }
  return found;
}

/** The value of the only parameter of a text, if its quotes are closed. */
function closedValue(text: string, quote: string): string | undefined {
  const values = Object.values(parse(text));
  return values.length === 1 && !values[0].startsWith(quote) ? values[0] : undefined;
}

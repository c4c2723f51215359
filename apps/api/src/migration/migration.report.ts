import { readParameter } from '../config/parameter.values.js';
import type { ParameterDescription } from '../config/parameter.decorator.js';
import type { NewConfiguration, Note } from './new-configuration.js';
import type { Format, OldFile } from './old-file.js';
import type { PhoneListResult } from './phone-list.js';

const FORMAT_NAMES: Record<Format, string> = {
  env: 'a .env file',
  properties: 'Java properties',
  csv: 'CSV',
  sql: 'SQL',
};

/** What becomes of an old configuration, by names and lines; no value is shown. */
export function configurationReport(file: string, old: OldFile, configuration: NewConfiguration): string {
  const { removed, kept, leftOut, added, notes } = configuration;
  const count = plural(old.parameters.length, 'parameter');
  return [
    `${file}: ${FORMAT_NAMES[old.format]} in ${old.encoding.toUpperCase()}, ${count}: ` +
      `${removed.length} removed, ${kept.length} kept, ${leftOut.length} left out.`,
    ...block(
      'Removed:',
      removed.map(({ line, name, successor }) => inLine(line, successor ? `${name} -> ${successor}` : name)),
    ),
    ...block(
      'Kept:',
      kept.map(({ line, name, writtenName }) =>
        inLine(line, name === writtenName ? name : `${writtenName}, now spelled ${name}`),
      ),
    ),
    ...block(
      'Left out:',
      leftOut.map(({ line, name }) => inLine(line, name)),
    ),
    ...block(
      'Added, empty:',
      added.map(({ name }) => name),
    ),
    ...block('Look at these:', notes.map(noteLine)),
    ...(old.skipped.length > 0
      ? [`\nNot carried over: comments, headings and other statements in ${linesInWords(old.skipped)}.`]
      : []),
    '',
  ].join('\n');
}

/** The difference between the old file and the new one. Only numbers and switches are shown. */
export function differenceReport(file: string, out: string, configuration: NewConfiguration): string {
  const { removed, kept, leftOut, added } = configuration;
  const lines = [
    ...removed.map(({ line, name }) => ({ line, text: [`-${name}=${HIDDEN}`] })),
    ...leftOut.map(({ line, name }) => ({ line, text: [`-${name}=${HIDDEN}`] })),
    ...kept.map(({ line, name, writtenName, value, description }) => {
      const shown = shownValue(value, description);
      return {
        line,
        text:
          name === writtenName ? [` ${name}=${shown}`] : [`-${writtenName}=${shown}`, `+${name}=${shown}`],
      };
    }),
  ].toSorted((one, other) => one.line - other.line);
  return [
    `--- ${file}`,
    `+++ ${out}`,
    ...lines.flatMap(({ text }) => text).map(oneLine),
    ...added.map(({ name }) => `+${name}=`),
    '',
  ].join('\n');
}

/** What became of a list of numbers; no number is shown. */
export function phoneListReport(list: string, result: PhoneListResult): string {
  const { encoding, lines, converted, failed, blank, duplicates, fixedLines, allDuplicatesFound } = result;
  const reasons = [...result.failuresByReason].toSorted(([, one], [, other]) => other - one);
  return [
    `${list}: text in ${encoding.toUpperCase()}, ${plural(lines, 'line')}: ` +
      `${number(converted)} converted, ${number(failed)} not converted, ${number(blank)} blank.`,
    ...among(
      duplicates,
      result.firstDuplicates,
      `a number that an earlier line has too; they are kept${allDuplicatesFound ? '' : ' (not all were looked for)'}`,
    ),
    ...among(fixedLines, result.firstFixedLines, 'a fixed line, which an SMS seldom reaches'),
    ...block(
      'Not converted:',
      reasons.map(([reason, count]) => `${number(count).padStart(9)}  ${reason}`),
    ),
    ...block(
      'The first of them:',
      result.firstFailures.map(({ line, reason }) => inLine(line, reason)),
    ),
    '',
  ].join('\n');
}

function among(count: number, first: readonly number[], what: string): string[] {
  if (count === 0) return [];
  const more = count > first.length ? ' and more' : '';
  return [`Among the converted, ${plural(count, 'line')} with ${what}: ${linesInWords(first)}${more}.`];
}

const HIDDEN = '(not shown)';

/** Anything may be a secret, even under a name that this service does not know, but a number or a switch. */
function shownValue(value: string, description?: ParameterDescription): string {
  if (value === '') return '';
  const isPlain = description?.kind === 'integer' || description?.kind === 'boolean';
  return isPlain && 'value' in readParameter(description, value.trim()) ? value.trim() : HIDDEN;
}

function noteLine({ line, name, text }: Note): string {
  return inLine(line, name === undefined ? text : `${name} ${text}`);
}

function block(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`\n${title}`, ...lines.map((line) => `  ${oneLine(line)}`)];
}

function inLine(line: number, text: string): string {
  return `${`line ${line}`.padEnd(9)} ${text}`;
}

/** Names are shown as they were written, but for what would move the cursor. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}

/** Neighbours are drawn together: `lines 1-3, 7`. */
function linesInWords(lines: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const line of [...new Set(lines)].toSorted((one, other) => one - other)) {
    const last = ranges.at(-1);
    if (last && last[1] === line - 1) last[1] = line;
    else ranges.push([line, line]);
  }
  const shown = ranges.slice(0, 20).map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`));
  const rest = ranges.length > shown.length ? ' and more' : '';
  return `${lines.length === 1 ? 'line' : 'lines'} ${shown.join(', ')}${rest}`;
}

function plural(count: number, noun: string): string {
  return `${number(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function number(count: number): string {
  return count.toLocaleString('en');
}

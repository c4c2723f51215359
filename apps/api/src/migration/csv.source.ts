import { parse } from 'csv-parse/sync';
import { MigrationError } from './migration.errors.js';
import type { OldContent, OldParameter, UnreadLine } from './old-file.js';
import { NAME_COLUMN, TABLE_COLUMNS, VALUE_COLUMN } from './parameter-table.js';

const NAME_HEADINGS = new Set(['key', 'name', 'code', 'parameter', NAME_COLUMN]);
const VALUE_HEADINGS = new Set(['value', VALUE_COLUMN]);
/** What stands between the first and the second field decides for the whole file. */
const FIRST_SEPARATOR = /^\s*(?:"[^"]*"|[^",;\t\n]*)([,;\t])/;

interface Columns {
  readonly name: number;
  readonly value: number;
  /** Fields of a row. */
  readonly count: number;
}

interface Row {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/** Whether a text looks like an export with columns. */
export function looksLikeCsv(text: string): boolean {
  const first = text.trimStart().split('\n', 1)[0];
  const name = FIRST_SEPARATOR.exec(first)?.[0] ?? '=';
  return !/[=:#]/.test(name);
}

/**
 * Reads an export of the old table: `key,value`, or all its columns, with or without a heading.
 * @throws MigrationError when the quotes of the file are not right
 */
export function readCsv(text: string): OldContent {
  const rows = rowsOf(text);
  const headed = rows.length > 0 ? headings(rows[0].record) : undefined;
  const columns = headed ?? (isTable(rows) ? tableColumns() : { name: 0, value: 1, count: 2 });
  const parameters: OldParameter[] = [];
  const unread: UnreadLine[] = [];
  const skipped: number[] = [];
  let line = 1;
  for (const [index, { record, info }] of rows.entries()) {
    const at = lineOfRow(text, line, info.lines);
    line = info.lines + 1;
    if (headed && index === 0) skipped.push(at);
    else if (record.length !== columns.count) unread.push({ line: at, reason: wrongCount(record, columns) });
    else if (record[columns.name].trim() === '') unread.push({ line: at, reason: 'has no name' });
    else
      parameters.push({ name: record[columns.name].trim(), value: meant(record[columns.value]), line: at });
  }
  return { parameters, unread, skipped };
}

function rowsOf(text: string): Row[] {
  try {
    // The overload for `info` is missing in the types of the package.
    return parse(text, {
      delimiter: FIRST_SEPARATOR.exec(text.trimStart())?.[1] ?? ',',
      info: true,
      relax_column_count: true,
      relax_quotes: true, // JSON that nobody put in quotes
      skip_empty_lines: true,
    }) as unknown as Row[];
  } catch (error) {
    // The message of the package repeats the text.
    const line = (error as { lines?: number }).lines;
    throw new MigrationError(
      `Line ${line ?? '?'} of the CSV file cannot be read: its quotes are not right (a quote within quotes is doubled).`,
    );
  }
}

function headings(record: readonly string[]): Columns | undefined {
  const names = record.map((heading) => heading.trim().toLowerCase());
  const name = names.findIndex((heading) => NAME_HEADINGS.has(heading));
  const value = names.findIndex((heading) => VALUE_HEADINGS.has(heading));
  return name >= 0 && value >= 0 ? { name, value, count: record.length } : undefined;
}

function isTable(rows: readonly Row[]): boolean {
  return rows.every(({ record }) => record.length === TABLE_COLUMNS.length && /^\d+$/.test(record[0].trim()));
}

function tableColumns(): Columns {
  const [name, value] = [NAME_COLUMN, VALUE_COLUMN].map((column) => TABLE_COLUMNS.indexOf(column));
  return { name, value, count: TABLE_COLUMNS.length };
}

function wrongCount(record: readonly string[], { count }: Columns): string {
  return `has ${record.length} fields in place of ${count}; a value with a separator in it has to be in quotes`;
}

/** Databases export NULL as `\N` or as the word. */
function meant(value: string): string {
  return value === '\\N' || value === 'NULL' ? '' : value;
}

/** The parser tells the last line of a row, and a row may begin after blank lines. */
function lineOfRow(text: string, from: number, to: number): number {
  if (from >= to) return to;
  const lines = text.split(/\r\n|\n|\r/).slice(from - 1, to);
  const blank = lines.findIndex((line) => line.trim() !== '');
  return from + Math.max(0, blank);
}

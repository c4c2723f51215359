import { lineCounter } from './line-counter.js';
import type { OldContent, OldParameter, UnreadLine } from './old-file.js';
import { NAME_COLUMN, TABLE, TABLE_COLUMNS, VALUE_COLUMN } from './parameter-table.js';

/** The words of MySQL's SQL, as far as a dump needs them: blanks, comments, texts, names, all else. */
const TOKEN =
  /\s+|--(?=\s|$)[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\/|'[^'\\]*(?:(?:\\[\s\S]|'')[^'\\]*)*'|"[^"\\]*(?:(?:\\[\s\S]|"")[^"\\]*)*"|`[^`]*(?:``[^`]*)*`|[\w$]+|[\s\S]/g;
const ESCAPED = new Map(
  Object.entries({ '0': '\0', b: '\b', n: '\n', r: '\r', t: '\t', Z: '\x1a', '%': '\\%', _: '\\_' }),
);

interface Token {
  readonly text: string;
  readonly line: number;
}

/** Whether a text looks like a dump of the old table. */
export function looksLikeSql(text: string): boolean {
  return /\b(insert|replace)\b[\s\S]{0,30}?\binto\b/i.test(text) && text.includes(TABLE);
}

/** Reads `INSERT INTO sys_params ... VALUES ...` from a dump of MySQL; statements about other tables are skipped. */
export function readSql(text: string): OldContent {
  const parameters: OldParameter[] = [];
  const unread: UnreadLine[] = [];
  const skipped: number[] = [];
  for (const statement of statementsOf(text, skipped)) {
    const [{ text: verb, line }] = statement;
    const isOurs = statement.some((token) => nameIn(token) === TABLE);
    if (/^(insert|replace)$/i.test(verb) && isOurs) {
      readInsert(statement, parameters, unread);
    } else if (/^(update|delete)$/i.test(verb) && isOurs) {
      unread.push({ line, reason: `changes ${TABLE} after it was filled; make its change by hand` });
    } else {
      skipped.push(line);
    }
  }
  return { parameters, unread, skipped };
}

function* statementsOf(text: string, comments: number[]): Generator<Token[]> {
  const lineAt = lineCounter(text);
  let statement: Token[] = [];
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token.trim() === '') continue;
    const line = lineAt(index);
    if (/^(--\s?|#|\/\*)/.test(token) && token.length > 1) comments.push(line);
    else if (token !== ';') statement.push({ text: token, line });
    else if (statement.length > 0) {
      yield statement;
      statement = [];
    }
  }
  if (statement.length > 0) yield statement;
}

function readInsert(statement: readonly Token[], parameters: OldParameter[], unread: UnreadLine[]): void {
  const values = statement.findIndex(({ text }) => /^values?$/i.test(text));
  if (values < 0) {
    unread.push({ line: statement[0].line, reason: 'is no INSERT with VALUES' });
    return;
  }
  const opened = statement.findIndex(({ text }, index) => text === '(' && index < values);
  const columns =
    opened < 0
      ? TABLE_COLUMNS
      : statement.slice(opened + 1, values).flatMap((token) => nameIn(token)?.toLowerCase() ?? []);
  const [name, value] = [NAME_COLUMN, VALUE_COLUMN].map((column) => columns.indexOf(column));
  const { rows, end } = rowsFrom(statement, values + 1);
  for (const { line, fields } of rows) {
    const code = fields[name] && literal(fields[name]);
    const given = fields[value] && literal(fields[value]);
    if (fields.length !== columns.length) {
      unread.push({ line, reason: `has ${fields.length} values for ${columns.length} columns` });
    } else if (!code?.trim()) unread.push({ line, reason: `has no ${NAME_COLUMN}` });
    else if (given === undefined) unread.push({ line, reason: `its ${VALUE_COLUMN} is no plain text` });
    else parameters.push({ name: code.trim(), value: given, line });
  }
  const rest = statement.slice(end).find(({ text }) => text !== ',');
  if (rest && !/^on$/i.test(rest.text)) {
    unread.push({ line: rest.line, reason: 'the statement cannot be read from here on' });
  }
}

interface Row {
  readonly line: number;
  readonly fields: readonly Token[][];
}

/** The rows of VALUES, each field as its tokens, and the position after the last row that is whole. */
function rowsFrom(statement: readonly Token[], start: number): { rows: Row[]; end: number } {
  const rows: Row[] = [];
  let end = start;
  for (let at = start; statement[at]?.text === '('; at++) {
    const fields: Token[][] = [[]];
    const { line } = statement[at];
    let depth = 1;
    for (at++; at < statement.length && depth > 0; at++) {
      const { text } = statement[at];
      if (text === '(') depth++;
      if (text === ')') depth--;
      if (text === ',' && depth === 1) fields.push([]);
      else if (depth > 0) fields.at(-1)!.push(statement[at]);
    }
    if (depth > 0) break;
    rows.push({ line, fields });
    end = at;
    if (statement[at]?.text !== ',') break;
  }
  return { rows, end };
}

/** The text of a field that is a plain value: a text, a number, or NULL, which is nothing. */
function literal(tokens: readonly Token[]): string | undefined {
  // A text may follow the name of its character set: _utf8mb4'...'
  const [first, second] = tokens[0]?.text.startsWith('_') ? tokens.slice(1) : tokens;
  if (!first || second) return undefined;
  if (/^'|^"/.test(first.text) && first.text.length > 1) return unquoted(first.text);
  if (/^null$/i.test(first.text)) return '';
  return /^(\w+)$/.test(first.text) ? first.text : undefined;
}

function unquoted(token: string): string {
  const quote = token[0];
  return token.slice(1, -1).replace(/\\([\s\S])|''|""/g, (match, escaped: string | undefined) => {
    if (escaped === undefined) return match[0] === quote ? quote : match;
    return ESCAPED.get(escaped) ?? escaped;
  });
}

/** The name that a token is, if it can be one. */
function nameIn({ text }: Token): string | undefined {
  if (/^[`"]/.test(text) && text.length > 2) return text.slice(1, -1);
  return /^\w+$/.test(text) ? text : undefined;
}

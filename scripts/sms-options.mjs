// The options of the library as its README lists them, from the types and their docstrings.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from './setup.mjs';

const SOURCE = join(root, 'libs/sms/src');
const FILES = ['sms.options.ts', 'sms.module-definition.ts', 'message/message-template.ts'];
const BEGIN =
  '<!-- Written by `npm run docs:configuration` from the types of the options. Change those. -->\n';
const END = '<!-- The end of what is written. -->\n';

/** @returns the README with its tables of options as the types have them now */
export function withOptions(readme) {
  const [before, rest] = splitAt(readme, BEGIN);
  const [, after] = splitAt(rest, END);
  return `${before}${BEGIN}\n${optionTables()}\n${END}${after}`;
}

function splitAt(text, mark) {
  const at = text.indexOf(mark);
  if (at < 0) throw new Error(`libs/sms/README.md has no line ${mark}`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}

/** One table for the options, and one for what stands beside them. */
function optionTables() {
  const interfaces = new Map(
    FILES.flatMap((file) => sourceOf(file).statements)
      .filter(ts.isInterfaceDeclaration)
      .map((declaration) => [declaration.name.text, declaration]),
  );
  return [
    table(rowsOf('SmsModuleOptions', '', interfaces)),
    'Beside the options, for `forRoot` and `forRootAsync` alike:\n',
    table(rowsOf('SmsModuleExtras', '', interfaces)),
  ].join('\n');
}

function sourceOf(file) {
  return ts.createSourceFile(file, readFileSync(join(SOURCE, file), 'utf8'), ts.ScriptTarget.ESNext, true);
}

/** Options of a section follow it, with its name before theirs. */
function rowsOf(name, prefix, interfaces) {
  const declaration = interfaces.get(name);
  const inherited = (declaration.heritageClauses ?? []).flatMap(({ types }) =>
    types.flatMap(({ expression }) => rowsOf(expression.text, prefix, interfaces)),
  );
  const own = declaration.members.flatMap((member) => {
    const type = member.type.getText();
    if (interfaces.has(type)) return rowsOf(type, `${prefix}${member.name.text}.`, interfaces);
    const { sentence, byDefault } = descriptionOf(member);
    if (!sentence) throw new Error(`${name}.${member.name.text} has no docstring`);
    return [[`\`${prefix}${member.name.text}\``, code(type), sentence, code(byDefault)]];
  });
  return [...own, ...inherited];
}

function descriptionOf(member) {
  const [comment] = ts.getJSDocCommentsAndTags(member).filter(ts.isJSDoc);
  const isDefault = ({ tagName }) => tagName.text === 'default';
  return {
    sentence: textOf(comment?.comment),
    byDefault: textOf(comment?.tags?.find(isDefault)?.comment),
  };
}

function textOf(comment) {
  return (ts.getTextOfJSDocComment(comment) ?? '').replace(/\s+/g, ' ').trim();
}

/** With columns of even width, as the formatter leaves them. */
function table(rows) {
  const lines = [['option', 'type', 'what it is', 'default'], ...rows].map((cells) => cells.map(escaped));
  const widths = lines[0].map((_, column) => Math.max(...lines.map((cells) => cells[column].length)));
  const [head, ...body] = lines.map((cells) => cells.map((cell, column) => cell.padEnd(widths[column])));
  const rule = widths.map((width) => '-'.repeat(width));
  return [head, rule, ...body].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

function code(text) {
  return text === '' ? '' : `\`${text}\``;
}

function escaped(cell) {
  return cell.replaceAll('|', '\\|');
}

import properties from 'dot-properties';
import { lineCounter } from './line-counter.js';
import type { OldContent, OldParameter, UnreadLine } from './old-file.js';

/** Reads a Java properties file: `key = value`, `key: value`, `key value`, continued lines, `\uXXXX`. */
export function readProperties(text: string): OldContent {
  const normal = text.replace(/\r\n?/g, '\n');
  const parameters: OldParameter[] = [];
  const unread: UnreadLine[] = [];
  const skipped: number[] = [];
  const lineAt = lineCounter(normal);
  for (const node of properties.parseLines(normal, true)) {
    const line = lineAt(node.range[0]);
    if (node.type === 'COMMENT') skipped.push(line);
    if (!(node instanceof properties.Pair)) continue;
    if (node.key === '') unread.push({ line, reason: 'has no name' });
    else parameters.push({ name: node.key, value: node.value, line });
  }
  return { parameters, unread, skipped };
}

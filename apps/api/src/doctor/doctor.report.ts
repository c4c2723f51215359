import { styleText } from 'node:util';
import type { Finding, Result } from './finding.js';

const MARKS: Record<Result, { word: string; style: Parameters<typeof styleText>[0] }> = {
  pass: { word: 'pass', style: 'green' },
  warn: { word: 'warn', style: 'yellow' },
  fail: { word: 'FAIL', style: 'red' },
  'look here': { word: 'look here', style: 'cyan' },
};
const WORD_WIDTH = 'look here'.length;
const CHECK_WIDTH = 'redis persistence'.length;

/** One finding as one line. @param colours of a terminal */
export function lineOf({ check, result, seen, fix }: Finding, colours: boolean): string {
  const { word, style } = MARKS[result];
  const padded = word.padEnd(WORD_WIDTH);
  const mark = colours ? styleText(style, padded, { validateStream: false }) : padded;
  const text = fix === undefined ? seen : `${seen} -> ${fix}`;
  // Names and paths come from outside: nothing in them may move the cursor of a terminal.
  return `${mark}  ${check.padEnd(CHECK_WIDTH)}  ${text.replaceAll(/\p{Cc}/gu, ' ')}`;
}

/** The last lines: how many of each, and what was not looked at. */
export function summaryOf(findings: readonly Finding[], live: boolean, seconds: number): string {
  const counts = Object.entries(MARKS).map(
    ([result, { word }]) => `${findings.filter((finding) => finding.result === result).length} ${word}`,
  );
  const hint = live ? '' : '\nTwilio and the public URL were not asked. For that, and free of charge: --live';
  return `\n${counts.join(', ')}, in ${seconds.toFixed(1)} s.${hint}`;
}

/** Everything as one JSON document. */
export function jsonOf(findings: readonly Finding[], live: boolean): string {
  return JSON.stringify({ ok: isOk(findings), live, checks: findings }, null, 2);
}

/** Nothing failed. */
export function isOk(findings: readonly Finding[]): boolean {
  return findings.every(({ result }) => result !== 'fail');
}

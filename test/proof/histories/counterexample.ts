import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Call, History } from './history.js';
import type { Verdict } from './history.check.js';

/** A history that the model does not explain, for people, and the way to look at it again. */
export function describeCounterexample(history: History, verdict: Verdict): string {
  const file = join(tmpdir(), `history-${history.phone.slice(1)}.json`);
  writeFileSync(file, JSON.stringify(history, null, 1));
  const { disagreements, explanation } = verdict;
  const lines = [
    `A history that the model of a phone does not explain (${history.phone}):`,
    ...timeline(history),
    ...disagreements.map((what) => `But ${what}.`),
  ];
  if (!explanation.explained) {
    if (explanation.undecided) lines.push('It was given up before all orders were tried.');
    lines.push(
      'The longest order that the model allows:',
      ...explanation.order.map(({ name }) => `  ${name}`),
    );
    lines.push(
      'No step can follow:',
      ...explanation.stuck.map(({ step, because }) => `  ${step.name}: ${because}`),
    );
  }
  lines.push(`Look at it again:  HISTORY=${file} npm test -- history.replay`);
  return lines.join('\n');
}

function timeline({ calls, advances }: History): string[] {
  const start = Math.min(...calls.map(({ from }) => from));
  const at = (time: number): string => (time - start).toFixed(1).padStart(9);
  const events = [
    ...calls.map((call, id) => ({ from: call.from, to: call.to, text: `call ${id}: ${textOf(call)}` })),
    ...advances.map(({ from, to, ms }) => ({ from, to, text: `${ms} ms pass` })),
  ];
  return events
    .sort((one, other) => one.from - other.from)
    .map(({ from, to, text }) => `${at(from)} to ${at(to)} ms  ${text}`);
}

function textOf(call: Call): string {
  const { kind, process, answer, disturbed } = call;
  const what =
    kind === 'send'
      ? `send [${call.messages.map(({ outcome }) => outcome).join(', ')}]`
      : kind === 'check'
        ? `check the ${call.right ? 'right' : 'wrong'} code of call ${call.of}`
        : `status of call ${call.of}`;
  const { id: _, ...told } = answer ?? {};
  const answered = answer ? JSON.stringify(told) : 'no answer';
  return `${what}, process ${process}${disturbed ? ' (disturbed)' : ''} -> ${answered}`;
}

import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { describeCounterexample } from './counterexample.js';
import type { History } from './history.js';
import { checkHistory, isCounterexample } from './history.check.js';

/** `HISTORY=FILE npm test -- history.replay` looks at a history again that a proof has printed. */
it('A recorded history can be checked again, from its file', () => {
  const file = process.env.HISTORY ?? new URL('./recorded.history.json', import.meta.url);
  const history = JSON.parse(readFileSync(file, 'utf8')) as History;
  const verdict = checkHistory(history);
  expect(isCounterexample(verdict) ? describeCounterexample(history, verdict) : '').toBe('');
});

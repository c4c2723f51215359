import assert from 'node:assert/strict';
import type { Granted, Refused } from '../rate-limit/rate-limit.store.js';

export function assertGranted(answer: Granted | Refused): void {
  if (!answer.granted) {
    assert.fail(`it is to be granted, and is refused by ${answer.rule} for ${answer.waitMs} ms`);
  }
}

/** @param expected what is to be said of the refusal */
export function assertRefused(
  answer: Granted | Refused,
  expected: Partial<Pick<Refused, 'rule' | 'waitMs'>> = {},
): asserts answer is Refused {
  if (answer.granted) assert.fail('it is to be refused, and is granted');
  const { rule, waitMs } = answer;
  assert.deepEqual({ rule, waitMs }, { rule, waitMs, ...expected });
}

export function assertBetween(value: number, least: number, most: number): void {
  assert.ok(value >= least && value <= most, `${value} is to be from ${least} to ${most}`);
}

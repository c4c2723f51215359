import { expect, it } from '@jest/globals';
import { randomBytes } from './random.js';

it('Random bytes are as many as were asked for, and never the same twice, also across blocks', () => {
  const drawn = Array.from({ length: 2_000 }, () => randomBytes(16).toString('hex'));
  expect(drawn.filter((bytes) => bytes.length !== 32)).toEqual([]);
  expect(new Set(drawn).size).toBe(drawn.length);
  expect(drawn).not.toContain('0'.repeat(32));
});

it('Random bytes that were given out stay as they are', () => {
  const first = randomBytes(16);
  const before = first.toString('hex');
  for (let draw = 0; draw < 1_000; draw += 1) randomBytes(16);
  expect(first.toString('hex')).toBe(before);
});

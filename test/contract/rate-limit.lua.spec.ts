import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import * as rule from '../../libs/sms/src/rate-limit/rate-limit.rule.js';
import {
  decodeReservations,
  encodeReservations,
  reservationKey,
} from '../../libs/sms/src/rate-limit/reservation.codec.js';
import { newId, redisUrl, script, withClock } from '../support/stores.js';

let redis: Redis;
const clock = `test:clock:${newId()}`;
const RESERVE = withClock(script('libs/sms/src/rate-limit/reserve.lua'), clock);
const SETTLE = withClock(script('libs/sms/src/rate-limit/settle.lua'), clock);

beforeAll(() => {
  redis = new Redis(redisUrl());
});
afterAll(async () => {
  await redis.del(clock);
  await redis.quit();
});

const HOUR = 3_600_000;
const START = 1_800_000_000_000;

const limits = fc.record({
  units: fc.integer({ min: 0, max: 4 }),
  windowMs: fc.constantFrom(10_000, 24 * HOUR),
  cooldownMs: fc.constantFrom(0, 1_000, 60_000, 24 * HOUR),
  sendMs: fc.constantFrom(1_000, 10_000),
  returns: fc.integer({ min: 0, max: 5 }),
});
const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g');
const step = fc.record({
  // A Redis clock may be set back by an operator.
  passMs: fc.oneof(
    fc.constantFrom(0, 1, 999, 1_000, 60_000, 12 * HOUR, -5_000),
    fc.integer({ min: 0, max: 2 * HOUR }),
  ),
  action: fc.oneof(
    { weight: 3, arbitrary: id.map((of) => ({ kind: 'reserve' as const, of })) },
    { weight: 1, arbitrary: id.map((of) => ({ kind: 'kept' as const, of })) },
    { weight: 1, arbitrary: id.map((of) => ({ kind: 'failed' as const, of })) },
    { weight: 1, arbitrary: id.map((of) => ({ kind: 'unused' as const, of })) },
  ),
});

it('the scripts of Redis decide and store as the rule does, whatever happens in whatever order', async () => {
  await fc.assert(
    fc.asyncProperty(limits, fc.array(step, { minLength: 1, maxLength: 30 }), async (limit, steps) => {
      const key = `test:allowance:${newId()}`;
      let expected: readonly rule.Reservation[] = [];
      let now = START;
      for (const { passMs, action } of steps) {
        now += passMs;
        await redis.set(clock, now);
        const stored = reservationKey(action.of);
        const named = stored.toString('hex');
        if (action.kind === 'reserve') {
          const { units, windowMs, cooldownMs, sendMs, returns } = limit;
          const reply = await redis.eval(
            RESERVE,
            1,
            key,
            units,
            windowMs,
            cooldownMs,
            sendMs,
            returns,
            stored,
          );
          const { reservations, answer } = rule.reserve(expected, limit, named, now);
          expected = reservations;
          expect(reply).toEqual(answer.granted ? [1] : [0, answer.rule, answer.waitMs]);
        } else {
          await redis.eval(SETTLE, 1, key, stored, action.kind);
          expected =
            action.kind === 'kept'
              ? rule.keep(expected, named, now)
              : rule.release(expected, named, action.kind);
        }
        const inRedis = decodeReservations((await redis.getBuffer(key)) ?? Buffer.alloc(0));
        expect(inRedis).toEqual(decodeReservations(encodeReservations(expected)));
      }
      const life = await redis.pttl(key);
      expect(life === -1).toBe(false); // no allowance without an end
      await redis.del(key);
    }),
    { numRuns: 150 },
  );
});

it('an allowance that cannot be read counts as exhausted, and not for ever', async () => {
  const key = `test:allowance:${newId()}`;
  await redis.set(clock, START);
  await redis.set(key, 'damaged');
  const reply = (await redis.eval(
    RESERVE,
    1,
    key,
    10,
    60_000,
    0,
    1_000,
    30,
    reservationKey('a'),
  )) as unknown[];
  expect(reply.slice(0, 2)).toEqual([0, 'window']);
  expect(await redis.pttl(key)).toBeGreaterThan(0);
});

import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import {
  giveBackToQuota,
  takeFromQuota,
  waitForQuota,
  type Quota,
  type QuotaUse,
} from '../../libs/sms/src/rate-limit/quota.rule.js';
import * as rule from '../../libs/sms/src/rate-limit/rate-limit.rule.js';
import {
  decodeReservations,
  encodeReservations,
  reservationKey,
} from '../../libs/sms/src/rate-limit/reservation.codec.js';
import { newId, redisUrl, script, withClock } from '../support/stores.js';

let redis: Redis;
const QUOTA = script('libs/sms/src/rate-limit/quota.lua');
const RESERVE = withClock(QUOTA + script('libs/sms/src/rate-limit/reserve.lua'));
const GIVE_BACK = script('libs/sms/src/rate-limit/quota-give-back.lua');
const SETTLE = withClock(script('libs/sms/src/rate-limit/settle.lua'));

beforeAll(() => {
  redis = new Redis(redisUrl());
});
afterAll(async () => {
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
/** None, one, or both, with windows and buckets of any proportion. */
const quotas = fc.subarray(['source', 'total'] as const).chain((names) =>
  fc.tuple(
    ...names.map((name) =>
      fc.record<Quota>({
        name: fc.constant(name),
        key: fc.constant(name),
        units: fc.integer({ min: 0, max: 5 }),
        windowMs: fc.constantFrom(HOUR, 24 * HOUR),
        bucketMs: fc.constantFrom(60_000, 900_000),
      }),
    ),
  ),
);
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

/** What the rule says is used of each quota, beside the scripts' own count. */
class Quotas {
  private readonly uses = new Map<string, QuotaUse>();
  /** When the unit of each reservation was taken. */
  private readonly takenAt = new Map<string, number>();

  constructor(readonly quotas: readonly Quota[]) {}

  answers(now: number) {
    return this.quotas.map((quota) => rule.quotaAnswer(quota, waitForQuota(this.use(quota), quota, now)));
  }

  take(id: string, now: number): void {
    this.takenAt.set(id, now);
    for (const quota of this.quotas) this.uses.set(quota.key, takeFromQuota(this.use(quota), quota, now));
  }

  giveBack(id: string): void {
    const takenAt = this.takenAt.get(id);
    if (takenAt === undefined || !this.takenAt.delete(id)) return;
    for (const quota of this.quotas)
      this.uses.set(quota.key, giveBackToQuota(this.use(quota), quota, takenAt));
  }

  private use(quota: Quota): QuotaUse {
    return this.uses.get(quota.key) ?? {};
  }
}

it('the scripts of Redis decide and store as the rule does, whatever happens in whatever order', async () => {
  await fc.assert(
    fc.asyncProperty(
      limits,
      quotas,
      fc.array(step, { minLength: 1, maxLength: 30 }),
      async (limit, shared, steps) => {
        const key = `test:allowance:${newId()}`;
        const keysOf = (quota: Quota, id: string): [string, string] => [
          `${key}:${quota.key}`,
          `${key}:${quota.key}:${id}`,
        ];
        const counted = new Quotas(shared);
        let expected: readonly rule.Reservation[] = [];
        let now = START;
        for (const { passMs, action } of steps) {
          now += passMs;
          const stored = reservationKey(action.of);
          const named = stored.toString('hex');
          if (action.kind === 'reserve') {
            const { units, windowMs, cooldownMs, sendMs, returns } = limit;
            const reply = await redis.eval(
              RESERVE,
              1 + 2 * shared.length,
              key,
              ...shared.flatMap((quota) => keysOf(quota, action.of)),
              'take',
              units,
              windowMs,
              cooldownMs,
              sendMs,
              returns,
              stored,
              ...shared.flatMap((quota) => [quota.name, quota.units, quota.windowMs, quota.bucketMs]),
              now,
            );
            const { reservations, answer } = rule.reserve(expected, limit, named, now);
            const isNew = reservations !== expected || !answer.granted;
            const decided = isNew ? rule.longestWait([answer, ...counted.answers(now)]) : answer;
            if (isNew && decided.granted) {
              expected = reservations;
              counted.take(action.of, now);
            }
            expect(reply).toEqual(decided.granted ? [1] : [0, decided.rule, decided.waitMs]);
          } else {
            await redis.eval(SETTLE, 1, key, stored, action.kind, now);
            if (action.kind === 'kept') {
              expected = rule.keep(expected, named, now);
            } else {
              expected = rule.release(expected, named, action.kind);
              for (const quota of shared) await redis.eval(GIVE_BACK, 2, ...keysOf(quota, action.of));
              counted.giveBack(action.of);
            }
          }
          const inRedis = decodeReservations((await redis.getBuffer(key)) ?? Buffer.alloc(0));
          expect(inRedis).toEqual(decodeReservations(encodeReservations(expected)));
        }
        const left = await redis.keys(`${key}*`);
        for (const one of left) expect(await redis.pttl(one)).not.toBe(-1); // nothing without an end
        if (left.length > 0) await redis.del(left);
      },
    ),
    { numRuns: 150 },
  );
});

it('an allowance that cannot be read counts as exhausted, and not for ever', async () => {
  const key = `test:allowance:${newId()}`;
  await redis.set(key, 'damaged');
  const reply = await redis.eval(
    RESERVE,
    1,
    key,
    'take',
    10,
    60_000,
    0,
    1_000,
    30,
    reservationKey('a'),
    START,
  );
  expect((reply as unknown[]).slice(0, 2)).toEqual([0, 'window']);
  expect(await redis.pttl(key)).toBeGreaterThan(0);
});

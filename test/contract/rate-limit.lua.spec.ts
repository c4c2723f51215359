import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
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
import { reservationKey } from '../../libs/sms/src/rate-limit/reservation-key.js';
import { newId, redisUrl, script, withClock } from '../support/stores.js';

let redis: Redis;
const rateLimit = (name: string): string => script(`libs/sms/src/rate-limit/${name}.lua`);
const FUNCTIONS =
  script('libs/sms/src/storage/phone-record.lua') + rateLimit('reservations') + rateLimit('quota');
const RESERVE = withClock(FUNCTIONS + rateLimit('reserve'));
const SETTLE = withClock(FUNCTIONS + rateLimit('settle'));
const HOLDS = FUNCTIONS + rateLimit('holds');
/** What is stored of a phone, as the scripts read it. */
const READ = `${FUNCTIONS}
local answer = {}
for _, reservation in ipairs((reservationsIn(readFields(KEYS[1])))) do
  table.insert(answer, { reservation.id, reservation.reservedAt, reservation.isReturned and -1 or reservation.duration })
end
return answer`;

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

  take(id: string, now: number, takenAt: number): void {
    this.takenAt.set(id, takenAt);
    for (const quota of this.quotas)
      this.uses.set(quota.key, takeFromQuota(this.use(quota), quota, now, takenAt));
  }

  giveBack(id: string): void {
    const takenAt = this.takenAt.get(id);
    if (takenAt === undefined || !this.takenAt.delete(id)) return;
    for (const quota of this.quotas)
      this.uses.set(quota.key, giveBackToQuota(this.use(quota), quota, takenAt));
  }

  use({ key }: Quota): QuotaUse {
    return this.uses.get(key) ?? {};
  }
}

const storedId = (id: string): Buffer => reservationKey(id, 5);

/** What counts at a time: who looks at a quota forgets the rest. */
function counting(use: Readonly<Record<string, number | string>>, quota: Quota, now: number): QuotaUse {
  const leavesAt = (bucket: string): number => (Number(bucket) + 1) * quota.bucketMs + quota.windowMs;
  const buckets = Object.entries(use).filter(([bucket]) => leavesAt(bucket) > now);
  return Object.fromEntries(buckets.map(([bucket, units]) => [bucket, Number(units)]));
}

interface Told {
  readonly id: string;
  readonly reservedAt: number;
  /** -1 if it was given back. */
  readonly sendMs: number;
}

const oldestFirst = (one: Told, other: Told): number =>
  one.reservedAt - other.reservedAt || one.id.localeCompare(other.id);

function told(reservations: readonly rule.Reservation[]): Told[] {
  const all = reservations.map(({ id, reservedAt, sentBy, returned }) => ({
    id,
    reservedAt,
    sendMs: returned ? -1 : sentBy - reservedAt,
  }));
  return all.toSorted(oldestFirst);
}

async function stored(key: string): Promise<Told[]> {
  const reservations = (await redis.callBuffer('EVAL', READ, 1, key)) as [Buffer, number, number][];
  const all = reservations.map(([id, reservedAt, sendMs]) => ({
    id: id.toString('hex'),
    reservedAt,
    sendMs,
  }));
  return all.toSorted(oldestFirst);
}

it('the scripts of Redis decide and store as the rule does, whatever happens in whatever order', async () => {
  await fc.assert(
    fc.asyncProperty(
      limits,
      quotas,
      fc.array(step, { minLength: 1, maxLength: 30 }),
      async (limit, shared, steps) => {
        const key = `test:allowance:${newId()}`;
        const quotaKeys = shared.map((quota) => `${key}:${quota.key}`);
        const counted = new Quotas(shared);
        let expected: readonly rule.Reservation[] = [];
        let now = START;
        for (const { passMs, action } of steps) {
          now += passMs;
          const id = storedId(action.of);
          const named = id.toString('hex');
          if (action.kind === 'reserve') {
            const { units, windowMs, cooldownMs, sendMs, returns } = limit;
            const reply = await redis.eval(
              RESERVE,
              1 + shared.length,
              key,
              ...quotaKeys,
              'take',
              units,
              windowMs,
              cooldownMs,
              sendMs,
              returns,
              id,
              ...shared.flatMap((quota) => [quota.name, quota.units, quota.windowMs, quota.bucketMs]),
              now,
            );
            const { reservations, answer } = rule.reserve(expected, limit, named, now);
            const isNew = reservations !== expected || !answer.granted;
            const decided = isNew ? rule.longestWait([answer, ...counted.answers(now)]) : answer;
            if (isNew && decided.granted) {
              expected = reservations;
              counted.take(action.of, now, reservations.at(-1)!.reservedAt);
            }
            expect(reply).toEqual(decided.granted ? [1] : [0, decided.rule, decided.waitMs]);
          } else {
            const buckets = shared.map(({ bucketMs }) => bucketMs);
            await redis.eval(SETTLE, 1 + shared.length, key, ...quotaKeys, id, action.kind, ...buckets, now);
            const held = rule.holds(expected, named);
            if (action.kind === 'kept') {
              expected = rule.keep(expected, named, now);
            } else {
              expected = rule.release(expected, named, action.kind);
              if (held) counted.giveBack(action.of);
            }
          }
          expect(await stored(key)).toEqual(told(expected));
          for (const [index, quota] of shared.entries()) {
            const inRedis = counting(await redis.hgetall(quotaKeys[index]), quota, now);
            expect(inRedis).toEqual(counting(counted.use(quota), quota, now));
          }
        }
        const left = await redis.keys(`${key}*`);
        for (const one of left) expect(await redis.pttl(one)).not.toBe(-1); // nothing without an end
        if (left.length > 0) await redis.del(left);
      },
    ),
    { numRuns: 150 },
  );
});

describe('An allowance that cannot be read', () => {
  const take = (key: string, id: string, now: number, units = 10) =>
    redis.eval(RESERVE, 1, key, 'take', units, 60_000, 0, 1_000, 30, storedId(id), now);

  it('counts as exhausted, and not for ever, when the key holds something else, such as an earlier version wrote', async () => {
    const key = `test:allowance:${newId()}`;
    await redis.set(key, 'of an earlier version');
    const [granted, limit, waitMs] = (await take(key, 'a', START)) as [number, string, number];
    expect([granted, limit]).toEqual([0, 'window']);
    expect(waitMs).toBeGreaterThan(0);
    expect(await redis.pttl(key)).toBeGreaterThan(0);
    expect(await redis.eval(SETTLE, 1, key, storedId('a'), 'kept', START)).toBe(0);
    expect(await redis.eval(HOLDS, 1, key, storedId('a'))).toBe(1); // nothing says that it was given back
  });

  it.each([0, 1, 10])(
    'counts as exhausted for one window when a reservation is damaged, and is then as new (%i units)',
    async (units) => {
      const key = `test:allowance:${newId()}`;
      await redis.hset(key, storedId('a'), 'damaged?', 'field of the host app', 'text');
      expect(await redis.eval(HOLDS, 1, key, storedId('a'))).toBe(1);
      expect(await take(key, 'b', START, units)).toEqual([0, 'window', 60_000]);
      expect(await redis.pttl(key)).toBeGreaterThan(0);
      const after = START + 59_999;
      expect(await take(key, 'b', after, units)).toEqual([0, 'window', units === 0 ? 60_000 : 1]);
      expect(await take(key, 'b', after + 1, units)).toEqual(units === 0 ? [0, 'window', 60_000] : [1]);
      expect(await redis.hget(key, 'field of the host app')).toBe('text');
      await redis.del(key);
    },
  );
});

it('A unit of a quota is given back to the bucket that it was counted in, also when the clock was set back', async () => {
  const key = `test:allowance:${newId()}`;
  const take = (id: string, now: number) =>
    redis.eval(
      RESERVE,
      2,
      key,
      `${key}:quota`,
      'take',
      10,
      24 * HOUR,
      0,
      1_000,
      30,
      storedId(id),
      'source',
      5,
      HOUR,
      60_000,
      now,
    );
  expect(await take('a', START)).toEqual([1]);
  expect(await take('b', START - 5_000)).toEqual([1]); // another bucket, by the clock
  await redis.eval(SETTLE, 2, key, `${key}:quota`, storedId('b'), 'failed', 60_000, START - 4_000);
  expect(await redis.hgetall(`${key}:quota`)).toEqual({ [START / 60_000]: '1' });
  await redis.del(key, `${key}:quota`);
});

it('A reservation never shortens the life of what else is known of its phone', async () => {
  const key = `test:allowance:${newId()}`;
  await redis.hset(key, 'field of the host app', 'text');
  await redis.pexpire(key, 2 * HOUR);
  await redis.eval(RESERVE, 1, key, 'take', 10, 60_000, 0, 1_000, 30, storedId('a'), START);
  expect(await redis.pttl(key)).toBeGreaterThan(HOUR);
  await redis.del(key);
});

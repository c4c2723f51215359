import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RateLimit } from '@app/sms';
import { PhoneRecord, type RedisStorage } from '@app/sms/internals';
import { RedisVerificationStore } from '../../apps/api/src/verification/redis-verification.store.js';
import { VerificationId } from '../../apps/api/src/verification/verification-id.js';
import { RedisRateLimitStore } from '../../libs/sms/src/rate-limit/redis.store.js';
import { macOf, sealedCode } from '../support/sealed-code.js';
import { newId, newPhone, redisUnderTest, type StorageUnderTest } from '../support/stores.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const LIMIT: RateLimit = { units: 10, windowMs: DAY, cooldownMs: MINUTE, sendMs: 10_000, returns: 30 };
const OPEN_LIMITS = { ttlMs: 10 * MINUTE, maxWrongGuesses: 20, sendMs: 10_000 };
const CHECK_LIMITS = { maxAttempts: 5, maxWrongGuesses: 20 };
const SID = `SM${'0123456789abcdef'.repeat(2)}`;

let under: StorageUnderTest<RedisStorage>;
let limits: RedisRateLimitStore;
let codes: RedisVerificationStore;

beforeAll(async () => {
  under = await redisUnderTest();
  limits = new RedisRateLimitStore(under.storage);
  codes = new RedisVerificationStore(under.storage);
});
afterAll(() => under.close());

/** A phone, and where its record is. */
async function newRecord(): Promise<{ phone: string; tag: string; key: string }> {
  const phone = newPhone();
  const tag = (await under.storage.dataKey()).tag(phone);
  return { phone, tag, key: PhoneRecord.keyOf(tag) };
}

/** A code that is sent, as the API does it. */
async function send(phone: string, tag: string): Promise<VerificationId> {
  const id = VerificationId.create(tag);
  const [reserved] = await Promise.all([
    limits.reserve(phone, LIMIT, id.toString()),
    codes.open(id, sealedCode(), OPEN_LIMITS),
  ]);
  expect(reserved).toEqual({ granted: true });
  await Promise.all([limits.keep(phone, id.toString()), codes.settle(id, { send: 'accepted', sid: SID })]);
  return id;
}

const check = (id: VerificationId, code = 'right') =>
  codes.check(id, { id: newId().slice(0, 11), mac: macOf(code) }, CHECK_LIMITS);
const find = (id: VerificationId) => codes.find(id, CHECK_LIMITS.maxAttempts);
const client = () => under.storage.client;

describe('The record of a phone in Redis', () => {
  it('is one hash, in its compact form, with no more in it after a day of use than is still needed', async () => {
    const { phone, tag, key } = await newRecord();
    for (let sent = 0; sent < 40; sent += 1) {
      const id = await send(phone, tag);
      if (sent % 3 === 0) await check(id, 'wrong');
      if (sent % 3 === 1) await check(id);
      await under.advance(2.4 * HOUR);
    }
    await send(phone, tag);
    expect(await client().keys(`*${tag}*`)).toEqual([key]);
    expect(await client().object('ENCODING', key)).toBe('listpack');
    const names = await client().hkeysBuffer(key);
    const ofLength = (bytes: number): number => names.filter(({ length }) => length === bytes).length;
    expect({
      reservations: ofLength(5),
      ofPhone: ofLength(1),
      codes: ofLength(16),
      ofCodes: ofLength(17),
    }).toEqual({
      reservations: 10,
      ofPhone: 3, // the sealed phone, what is known of its codes, and its wrong guesses
      codes: 1,
      ofCodes: 0,
    });
  });

  it('takes at most 500 bytes with ten sends in 24 hours and one live code', async () => {
    const { phone, tag, key } = await newRecord();
    for (let sent = 0; sent < 10; sent += 1) {
      if (sent > 0) await under.advance(90 * MINUTE);
      await send(phone, tag);
    }
    const withoutExpiry = (await client().memory('USAGE', key)) ?? Infinity;
    const expiry = 2 * 32; // its entry in the table of expiry times, and its places in both tables
    expect(withoutExpiry + expiry).toBeLessThanOrEqual(500);
  });

  it('is gone 25 hours after the last call, whatever was called', async () => {
    const { phone, tag, key } = await newRecord();
    const left = async (): Promise<number> => client().pttl(key);
    const id = await send(phone, tag);
    await check(id, 'wrong');
    await codes.report(id, { delivery: 'delivered' });
    await codes.claimRefresh(id, 0);
    await check(id);
    await find(id);
    await limits.reserve(phone, { ...LIMIT, cooldownMs: DAY, sendMs: 30_000 }, newId());
    await under.advance(2 * DAY);
    await limits.reserve(phone, { ...LIMIT, cooldownMs: DAY, sendMs: 30_000 }, newId());
    await codes.open(VerificationId.create(tag), sealedCode(), { ...OPEN_LIMITS, ttlMs: 10 * HOUR });
    expect(await left()).toBeGreaterThan(23 * HOUR);
    expect(await left()).toBeLessThanOrEqual(25 * HOUR);
  });

  it('is kept no shorter because a code or a reservation needs it for less time', async () => {
    const { phone, tag, key } = await newRecord();
    await limits.reserve(phone, LIMIT, newId());
    await codes.open(VerificationId.create(tag), sealedCode(), OPEN_LIMITS);
    expect(await client().pttl(key)).toBeGreaterThan(23 * HOUR);
    await limits.reserve(phone, { ...LIMIT, windowMs: MINUTE, cooldownMs: 0 }, newId());
    expect(await client().pttl(key)).toBeGreaterThan(23 * HOUR);
  });

  it('knows a code for an hour after its expiry, and not longer, though the phone is known for a day', async () => {
    const { phone, tag } = await newRecord();
    const id = await send(phone, tag);
    await under.advance(70 * MINUTE - 1);
    expect(await find(id)).toMatchObject({ status: 'expired' });
    expect(await check(id)).toMatchObject({ result: 'ended', status: 'expired' });
    await under.advance(1);
    expect(await find(id)).toBeUndefined();
    expect(await check(id)).toEqual({ result: 'not_found' });
    expect(await codes.report(id, { delivery: 'delivered' })).toBeUndefined();
    expect(await codes.claimRefresh(id, 0)).toBe(false);
  });

  it.each([SID, `MM${'f'.repeat(32)}`, `SM${'0123456789ABCDEF'.repeat(2)}`, 'SM0123', 'SM0123456789abcdef'])(
    "gives the message's SID back as it was: %s",
    async (sid) => {
      const id = VerificationId.create((await newRecord()).tag);
      await codes.open(id, sealedCode(), OPEN_LIMITS);
      expect(await find(id)).toMatchObject({ sid: undefined });
      await codes.settle(id, { send: 'accepted', sid });
      await codes.report(id, { delivery: 'sent' });
      expect(await find(id)).toMatchObject({ sid, send: 'accepted' });
    },
  );
});

describe('A record of a phone that cannot be read', () => {
  it('allows nothing, and not for ever, when the key holds something else, such as an earlier version wrote', async () => {
    const { phone, tag, key } = await newRecord();
    await client().set(key, 'of an earlier version');
    const id = VerificationId.create(tag);
    const opened = await codes.open(id, sealedCode(), OPEN_LIMITS);
    if (opened.opened) throw new Error('a code was stored');
    expect(opened.waitMs).toBeGreaterThan(0);
    expect(opened.waitMs).toBeLessThanOrEqual(DAY);
    expect(await limits.reserve(phone, LIMIT, newId())).toMatchObject({ granted: false, rule: 'window' });
    expect(await limits.holds(phone, newId())).toBe(true); // nothing says that it was given back
    await limits.keep(phone, newId());
    await limits.release(phone, newId(), 'unused');
    await codes.settle(id, { send: 'unknown' });
    await codes.discard(id);
    expect(await check(id)).toEqual({ result: 'not_found' });
    expect(await find(id)).toBeUndefined();
    expect(await codes.report(id, { delivery: 'delivered' })).toBeUndefined();
    expect(await codes.claimRefresh(id, 0)).toBe(false);
    expect(await client().pttl(key)).toBeLessThanOrEqual(DAY);
    expect(await client().get(key)).toBe('of an earlier version');
  });

  it.each([
    ['what is known of its codes', 'c'],
    ['its wrong guesses', 'g'],
  ])('has no guesses left for a day, and its codes have ended, when %s is damaged', async (_, field) => {
    const { phone, tag, key } = await newRecord();
    const id = await send(phone, tag);
    await client().hset(key, field, 'damaged');
    expect(await check(id)).toMatchObject({ result: 'ended', status: 'replaced' });
    const next = VerificationId.create(tag);
    expect(await codes.open(next, sealedCode(), OPEN_LIMITS)).toEqual({ opened: false, waitMs: DAY });
    await under.advance(DAY - 1);
    expect(await codes.open(next, sealedCode(), OPEN_LIMITS)).toEqual({ opened: false, waitMs: 1 });
    await under.advance(1);
    expect(await codes.open(next, sealedCode(), OPEN_LIMITS)).toMatchObject({ opened: true });
    expect(await check(next)).toMatchObject({ result: 'approved' });
  });

  it('has no code where one is damaged, and the others stay', async () => {
    const { phone, tag, key } = await newRecord();
    const [old, current] = [await send(phone, tag), VerificationId.create(tag)];
    await codes.open(current, sealedCode(), OPEN_LIMITS);
    await client().hset(key, Buffer.from(current.nonce, 'base64url'), 'damaged');
    expect(await check(current)).toEqual({ result: 'not_found' });
    expect(await find(current)).toBeUndefined();
    expect(await check(old)).toMatchObject({ result: 'approved' });
  });

  it('counts as exhausted for a day when a reservation is damaged, or of a time that no clock can have been set back from', async () => {
    for (const value of ['damaged?', 'damaged']) {
      const { phone, tag, key } = await newRecord();
      await send(phone, tag);
      await client().hset(key, '12345', value);
      expect(await limits.reserve(phone, LIMIT, newId())).toEqual({
        granted: false,
        rule: 'window',
        waitMs: DAY,
      });
      await under.advance(DAY);
      expect(await limits.reserve(phone, LIMIT, newId())).toEqual({ granted: true });
    }
  });
});

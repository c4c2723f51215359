import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RateLimit, RateLimitStore } from '@app/sms';
import { newId, newPhone, type StorageUnderTest } from '../support/stores.js';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const DAY = 24 * HOUR;

const LIMIT: RateLimit = {
  units: 3,
  windowMs: DAY,
  cooldownMs: 60 * SECOND,
  sendMs: 10 * SECOND,
  returns: 9,
};
const NO_COOLDOWN: RateLimit = { ...LIMIT, cooldownMs: 0 };

/** What every store of allowances must do. */
export function describeRateLimitStore(
  name: string,
  create: () => Promise<{ under: StorageUnderTest; store: RateLimitStore }>,
): void {
  describe(`${name} as a rate-limit store`, () => {
    let under: StorageUnderTest;
    let store: RateLimitStore;

    beforeAll(async () => ({ under, store } = await create()));
    afterAll(() => under.close());

    /** A send that went well: reserved, and settled at once. */
    async function send(key: string, limit = LIMIT): Promise<void> {
      const id = newId();
      expect(await store.reserve(key, limit, id)).toEqual({ granted: true });
      await store.keep(key, id);
    }

    it('grants exactly the allowance, however many ask at once', async () => {
      const key = newId();
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => store.reserve(key, NO_COOLDOWN, newId())),
      );
      expect(answers.filter(({ granted }) => granted)).toHaveLength(3);
    });

    it('grants one send when many ask at once and there is a cooldown', async () => {
      const key = newId();
      const answers = await Promise.all(Array.from({ length: 50 }, () => store.reserve(key, LIMIT, newId())));
      expect(answers.filter(({ granted }) => granted)).toHaveLength(1);
    });

    it('refuses until the cooldown since the end of the last send is over, to the millisecond', async () => {
      const key = newId();
      await send(key);
      await under.advance(59_999);
      expect(await store.reserve(key, LIMIT, newId())).toEqual({
        granted: false,
        rule: 'cooldown',
        waitMs: 1,
      });
      await under.advance(1);
      expect(await store.reserve(key, LIMIT, newId())).toEqual({ granted: true });
    });

    it('counts a send in flight as one that could end at its deadline', async () => {
      const key = newId();
      await store.reserve(key, LIMIT, 'first');
      const wait = LIMIT.sendMs + LIMIT.cooldownMs;
      expect(await store.reserve(key, LIMIT, newId())).toEqual({
        granted: false,
        rule: 'cooldown',
        waitMs: wait,
      });
      await under.advance(4 * SECOND);
      await store.keep(key, 'first');
      expect(await store.reserve(key, LIMIT, newId())).toMatchObject({ waitMs: LIMIT.cooldownMs });
    });

    it('does not let a later settlement of the same send prolong the cooldown', async () => {
      const key = newId();
      await store.reserve(key, LIMIT, 'first');
      await store.keep(key, 'first');
      await under.advance(5 * SECOND);
      await store.keep(key, 'first');
      expect(await store.reserve(key, LIMIT, newId())).toMatchObject({ waitMs: 55 * SECOND });
    });

    it('never grants more than the allowance in any 24 hours, and says when the next unit is free', async () => {
      const key = newId();
      for (let sent = 0; sent < 3; sent += 1) {
        await send(key);
        await under.advance(HOUR);
      }
      expect(await store.reserve(key, LIMIT, newId())).toEqual({
        granted: false,
        rule: 'window',
        waitMs: 21 * HOUR,
      });
      await under.advance(21 * HOUR - 1);
      expect(await store.reserve(key, LIMIT, newId())).toMatchObject({ granted: false, waitMs: 1 });
      await under.advance(1);
      await send(key);
      expect(await store.reserve(key, NO_COOLDOWN, newId())).toEqual({
        granted: false,
        rule: 'window',
        waitMs: HOUR,
      });
    });

    it('lets the rule with the longest wait answer', async () => {
      const key = newId();
      for (let sent = 0; sent < 3; sent += 1) await send(key, NO_COOLDOWN);
      expect(await store.reserve(key, LIMIT, newId())).toMatchObject({ rule: 'window', waitMs: DAY });
    });

    it('changes nothing by a refusal', async () => {
      const key = newId();
      await send(key);
      for (let again = 0; again < 20; again += 1) await store.reserve(key, LIMIT, newId());
      await under.advance(60 * SECOND);
      await send(key);
      await under.advance(60 * SECOND);
      await send(key);
    });

    it('takes one unit for the same reservation asked twice', async () => {
      const key = newId();
      for (let again = 0; again < 5; again += 1) {
        expect(await store.reserve(key, LIMIT, 'first')).toEqual({ granted: true });
      }
      await store.keep(key, 'first');
      await under.advance(60 * SECOND);
      await send(key);
      await under.advance(60 * SECOND);
      await send(key);
    });

    it('gives exactly one unit back, however often it is released, and ends its cooldown', async () => {
      const key = newId();
      await send(key, NO_COOLDOWN);
      await store.reserve(key, NO_COOLDOWN, 'failing');
      await store.release(key, 'failing', 'failed');
      await store.release(key, 'failing', 'failed');
      await send(key, NO_COOLDOWN);
      await send(key, NO_COOLDOWN);
      expect(await store.reserve(key, NO_COOLDOWN, newId())).toMatchObject({
        granted: false,
        rule: 'window',
      });
    });

    it('keeps the cooldown of a newer send when an older one fails late', async () => {
      const key = newId();
      await store.reserve(key, LIMIT, 'old');
      await under.advance(70 * SECOND);
      await send(key);
      await store.release(key, 'old', 'failed');
      expect(await store.reserve(key, LIMIT, newId())).toMatchObject({
        rule: 'cooldown',
        waitMs: 60 * SECOND,
      });
    });

    it('bounds the reservations that are given back after a failed send', async () => {
      const key = newId();
      for (let failed = 0; failed < 9; failed += 1) {
        const id = newId();
        expect(await store.reserve(key, LIMIT, id)).toEqual({ granted: true });
        await store.release(key, id, 'failed');
        await under.advance(SECOND);
      }
      const answer = await store.reserve(key, LIMIT, newId());
      expect(answer).toEqual({ granted: false, rule: 'window', waitMs: DAY - 9 * SECOND });
      await under.advance(DAY - 9 * SECOND);
      await send(key);
    });

    it('forgets an unused reservation without a trace', async () => {
      const key = newId();
      for (let unused = 0; unused < 40; unused += 1) {
        const id = newId();
        expect(await store.reserve(key, LIMIT, id)).toEqual({ granted: true });
        await store.release(key, id, 'unused');
      }
      await send(key);
    });

    it('never grants a reservation again that was given back', async () => {
      const key = newId();
      await store.reserve(key, LIMIT, 'spent');
      await store.release(key, 'spent', 'failed');
      expect(await store.reserve(key, LIMIT, 'spent')).toMatchObject({ granted: false });
    });

    it('releases nothing for an id it does not know', async () => {
      const key = newId();
      await send(key);
      await store.release(key, 'never reserved', 'failed');
      await store.release(key, 'never reserved', 'unused');
      expect(await store.reserve(key, LIMIT, newId())).toMatchObject({ granted: false, rule: 'cooldown' });
    });

    it('allows nothing with an allowance of 0, for a day', async () => {
      const answer = await store.reserve(newId(), { ...LIMIT, units: 0, returns: 0 }, newId());
      expect(answer).toEqual({ granted: false, rule: 'window', waitMs: DAY });
    });

    it('tells whether a reservation holds', async () => {
      const key = newId();
      await store.reserve(key, NO_COOLDOWN, 'kept');
      await store.reserve(key, NO_COOLDOWN, 'failed');
      await store.release(key, 'failed', 'failed');
      const held = await Promise.all(['kept', 'failed', 'unknown'].map((id) => store.holds(key, id)));
      expect(held).toEqual([true, false, false]);
    });

    it('keeps phones apart', async () => {
      const phone = newPhone();
      await send(phone);
      await send(newPhone());
      expect(await store.reserve(phone, LIMIT, newId())).toMatchObject({ granted: false });
    });
  });
}

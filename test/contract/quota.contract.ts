import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Granted, Quota, RateLimit, RateLimitStore, Refused } from '@app/sms';
import { newId, type StorageUnderTest } from '../support/stores.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const GRANTED: Granted = { granted: true };
const NO_COOLDOWN: RateLimit = { units: 3, windowMs: DAY, cooldownMs: 0, sendMs: 10 * SECOND, returns: 9 };
const COOLDOWN: RateLimit = { ...NO_COOLDOWN, cooldownMs: MINUTE };

/** What every store of allowances must do with allowances that many phones share. */
export function describeQuotas(
  name: string,
  create: () => Promise<{ under: StorageUnderTest; store: RateLimitStore }>,
): void {
  describe(`${name} as a store of quotas`, () => {
    let under: StorageUnderTest;
    let store: RateLimitStore;

    beforeAll(async () => ({ under, store } = await create()));
    afterAll(() => under.close());

    const source = (units: number): Quota => ({
      name: 'source',
      key: newId(),
      units,
      windowMs: HOUR,
      bucketMs: MINUTE,
    });
    const total = (units: number): Quota => ({
      name: 'total',
      key: newId(),
      units,
      windowMs: DAY,
      bucketMs: 15 * MINUTE,
    });
    /** A phone that was never sent anything asks for a code. */
    const ask = (quotas: readonly Quota[], id = newId(), phone = newId()): Promise<Granted | Refused> =>
      store.reserve(phone, NO_COOLDOWN, id, quotas);
    const grantedOf = (answers: readonly (Granted | Refused)[]): number =>
      answers.filter(({ granted }) => granted).length;
    const atOnce = <T>(times: number, work: () => Promise<T>): Promise<T[]> =>
      Promise.all(Array.from({ length: times }, work));

    it('grants exactly the units, however many phones ask at once', async () => {
      const quotas = [source(7)];
      const answers = await atOnce(60, () => ask(quotas));
      expect(grantedOf(answers)).toBe(7);
      for (const answer of answers) if (!answer.granted) expect(answer.rule).toBe('source');
    });

    it('never exceeds one of two quotas, and in the end grants what both have left', async () => {
      const [mine, everybodys] = [source(9), total(4)];
      const atFirst = grantedOf(await atOnce(40, () => ask([mine, everybodys])));
      expect(atFirst).toBeLessThanOrEqual(4);
      let granted = atFirst;
      while ((await ask([mine, everybodys])).granted) granted += 1;
      expect(granted).toBe(4);
    });

    it('takes nothing of a quota when another quota refuses', async () => {
      const mine = source(2);
      expect(await ask([mine, total(0)])).toMatchObject({ granted: false, rule: 'total' });
      expect(grantedOf([await ask([mine]), await ask([mine]), await ask([mine])])).toBe(2);
    });

    it('takes nothing of the quotas when the phone refuses', async () => {
      const quotas = [source(2), total(2)];
      const phone = newId();
      expect(await store.reserve(phone, COOLDOWN, newId(), quotas)).toEqual(GRANTED);
      for (let again = 0; again < 5; again += 1) {
        expect(await store.reserve(phone, COOLDOWN, newId(), quotas)).toMatchObject({ rule: 'cooldown' });
      }
      expect(await ask(quotas)).toEqual(GRANTED);
      expect(await ask(quotas)).toMatchObject({ granted: false });
    });

    it('takes nothing of the phone when a quota refuses', async () => {
      const quotas = [source(1)];
      await ask(quotas);
      const phone = newId();
      for (let again = 0; again < 5; again += 1) {
        expect(await store.reserve(phone, COOLDOWN, newId(), quotas)).toMatchObject({ rule: 'source' });
      }
      expect(await store.reserve(phone, COOLDOWN, newId())).toEqual(GRANTED);
    });

    it('gives a unit back exactly once, however often and at once it is released', async () => {
      const quotas = [source(2), total(2)];
      const [phone, id] = [newId(), newId()];
      await ask(quotas);
      await store.reserve(phone, NO_COOLDOWN, id, quotas);
      await atOnce(5, () => store.release(phone, id, 'failed', quotas));
      await store.release(phone, id, 'failed', quotas);
      expect(await ask(quotas)).toEqual(GRANTED);
      expect(await ask(quotas)).toMatchObject({ granted: false });
    });

    it('gives a unit back to the quotas that are named, and to no other', async () => {
      const [mine, everybodys] = [source(1), total(1)];
      const [phone, id] = [newId(), newId()];
      await store.reserve(phone, NO_COOLDOWN, id, [mine, everybodys]);
      await store.release(phone, id, 'failed', [everybodys]);
      expect(await ask([mine])).toMatchObject({ granted: false, rule: 'source' });
      expect(await ask([everybodys])).toEqual(GRANTED);
    });

    it('gives a unit back to the time at which it was taken', async () => {
      const quotas = [source(2)];
      const [phone, id] = [newId(), newId()];
      await store.reserve(phone, NO_COOLDOWN, id, quotas);
      await under.advance(5 * MINUTE);
      await ask(quotas);
      await store.release(phone, id, 'unused', quotas);
      await ask(quotas);
      const answer = await ask(quotas);
      expect(answer.granted || answer.waitMs).toBeGreaterThan(HOUR - MINUTE); // both were taken just now
    });

    it('gives nothing back for a reservation that was refused or never made', async () => {
      const quotas = [source(1)];
      const [phone, refused] = [newId(), newId()];
      await ask(quotas);
      await store.reserve(phone, NO_COOLDOWN, refused, quotas);
      for (const id of [refused, newId()]) await store.release(phone, id, 'unused', quotas);
      expect(await ask(quotas)).toMatchObject({ granted: false });
    });

    it('keeps the unit of a send that may have gone out', async () => {
      const quotas = [source(1)];
      const [phone, id] = [newId(), newId()];
      await store.reserve(phone, NO_COOLDOWN, id, quotas);
      await store.keep(phone, id);
      expect(await ask(quotas)).toMatchObject({ granted: false, rule: 'source' });
    });

    it('takes one unit for the same reservation asked twice', async () => {
      const quotas = [source(2), total(2)];
      const [phone, id] = [newId(), newId()];
      for (let again = 0; again < 4; again += 1) {
        expect(await store.reserve(phone, COOLDOWN, id, quotas)).toEqual(GRANTED);
      }
      expect(await ask(quotas)).toEqual(GRANTED);
      expect(await ask(quotas)).toMatchObject({ granted: false });
    });

    it.each([
      ['source', source, HOUR, MINUTE],
      ['total', total, DAY, 15 * MINUTE],
    ])(
      'has a unit free again when its bucket has left the window, and not before (%s)',
      async (rule, quotaOf, windowMs, bucketMs) => {
        const quotas = [quotaOf(2)];
        await ask(quotas);
        await under.advance(bucketMs);
        await ask(quotas);
        const refused = await ask(quotas);
        if (refused.granted) throw new Error('more was granted than there is');
        expect(refused.rule).toBe(rule);
        expect(refused.waitMs).toBeGreaterThanOrEqual(windowMs - bucketMs);
        expect(refused.waitMs).toBeLessThanOrEqual(windowMs + bucketMs);
        await under.advance(refused.waitMs - 1);
        expect(await ask(quotas)).toEqual({ granted: false, rule, waitMs: 1 });
        await under.advance(1);
        expect(await ask(quotas)).toEqual(GRANTED);
        expect(await ask(quotas)).toEqual({ granted: false, rule, waitMs: bucketMs });
      },
    );

    it.each(['source', 'total'] as const)(
      'allows nothing with a quota of 0, for a day (%s)',
      async (rule) => {
        const quota = rule === 'source' ? source(0) : total(0);
        expect(await ask([quota])).toEqual({ granted: false, rule, waitMs: DAY });
      },
    );

    it('lets the rule with the longest wait answer', async () => {
      const [mine, everybodys] = [source(1), total(1)];
      const phone = newId();
      await store.reserve(phone, COOLDOWN, newId(), [mine, everybodys]);
      const answerOf = async (quotas: readonly Quota[]): Promise<string | undefined> => {
        const answer = await store.reserve(phone, COOLDOWN, newId(), quotas);
        return answer.granted ? undefined : answer.rule;
      };
      expect(await answerOf([])).toBe('cooldown');
      expect(await answerOf([mine])).toBe('source');
      expect(await answerOf([mine, everybodys])).toBe('total');
    });

    it('keeps sources apart', async () => {
      await ask([source(1)]);
      expect(await ask([source(1)])).toEqual(GRANTED);
    });
  });
}

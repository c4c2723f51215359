import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Quota } from '@app/sms';
import type { CheckLimits } from '../../apps/api/src/verification/verification.rule.js';
import { VerificationId } from '../../apps/api/src/verification/verification-id.js';
import type { CheckAnswer, VerificationStore } from '../../apps/api/src/verification/verification.store.js';
import { macOf, sealedCode } from '../support/sealed-code.js';
import { newId, type StorageUnderTest } from '../support/stores.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const LIMITS: CheckLimits = { maxAttempts: 5, maxWrongGuesses: 20 };
const OPEN_LIMITS = { ttlMs: 10 * MINUTE, maxWrongGuesses: 20, sendMs: 10_000 };

/** What every store of codes must do with the wrong guesses of one address. */
export function describeGuessesOfASource(
  name: string,
  create: () => Promise<{ under: StorageUnderTest; store: VerificationStore }>,
): void {
  describe(`${name} as a store of a source's wrong guesses`, () => {
    let under: StorageUnderTest;
    let store: VerificationStore;

    beforeAll(async () => ({ under, store } = await create()));
    afterAll(() => under.close());

    const sourceOf = (units: number): Quota => ({
      name: 'source',
      key: newId(),
      units,
      windowMs: HOUR,
      bucketMs: MINUTE,
    });
    const attempt = (code: string) => ({ id: randomBytes(8).toString('base64url'), mac: macOf(code) });
    const check = (
      id: VerificationId,
      code: string,
      source: Quota,
      limits: CheckLimits = LIMITS,
    ): Promise<CheckAnswer> => store.check(id, attempt(code), limits, source);

    /** A code that was sent to a phone of its own. */
    async function sent(): Promise<VerificationId> {
      const id = VerificationId.create(newId());
      await store.open(id, sealedCode(), OPEN_LIMITS);
      await store.settle(id, { send: 'accepted', sid: 'SM0123' });
      return id;
    }

    it('compares exactly the units, however many codes are guessed at once', async () => {
      const source = sourceOf(7);
      const ids = await Promise.all(Array.from({ length: 40 }, sent));
      const answers = await Promise.all(ids.map((id) => check(id, 'wrong', source)));
      expect(answers.filter(({ result }) => result === 'wrong')).toHaveLength(7);
      expect(answers.filter(({ result }) => result === 'budget_used')).toHaveLength(33);
    });

    it('then refuses the right code too, of any phone, and costs it no attempt', async () => {
      const source = sourceOf(1);
      await check(await sent(), 'wrong', source);
      const id = await sent();
      for (const mac of ['right', 'wrong', 'right']) {
        expect(await check(id, mac, source)).toMatchObject({ result: 'budget_used' });
      }
      expect(await check(id, 'wrong', sourceOf(1))).toMatchObject({ result: 'wrong', attemptsLeft: 4 });
      expect(await check(id, 'right', sourceOf(1))).toMatchObject({ result: 'approved' });
    });

    it('takes the right code after the wait that was named, and not before', async () => {
      const source = sourceOf(1);
      await check(await sent(), 'wrong', source);
      const refused = await check(await sent(), 'right', source);
      if (refused.result !== 'budget_used') throw new Error('the source was not refused');
      expect(refused.waitMs).toBeGreaterThanOrEqual(HOUR);
      expect(refused.waitMs).toBeLessThanOrEqual(HOUR + MINUTE);
      await under.advance(refused.waitMs - 1);
      expect(await check(await sent(), 'right', source)).toMatchObject({ result: 'budget_used', waitMs: 1 });
      await under.advance(1);
      expect(await check(await sent(), 'right', source)).toMatchObject({ result: 'approved' });
    });

    it('says first that an id is not known, or that a code has ended', async () => {
      const source = sourceOf(1);
      const ended = await sent();
      await check(ended, 'right', source);
      await check(await sent(), 'wrong', source);
      expect(await check(VerificationId.create(newId()), 'right', source)).toEqual({ result: 'not_found' });
      expect(await check(ended, 'right', source)).toMatchObject({ result: 'ended', status: 'approved' });
    });

    it('counts no guess at a code that has ended or was never issued, and no right one', async () => {
      const source = sourceOf(1);
      const ended = await sent();
      await check(ended, 'right', source);
      for (let again = 0; again < 5; again += 1) {
        await check(ended, 'wrong', source);
        await check(VerificationId.create(newId()), 'wrong', source);
        expect(await check(await sent(), 'right', source)).toMatchObject({ result: 'approved' });
      }
      expect(await check(await sent(), 'wrong', source)).toMatchObject({ result: 'wrong' });
      expect(await check(await sent(), 'wrong', source)).toMatchObject({ result: 'budget_used' });
    });

    it('counts no guess that the phone refuses', async () => {
      const source = sourceOf(2);
      const limits = { ...LIMITS, maxWrongGuesses: 1 };
      const id = await sent();
      await check(id, 'wrong', source, limits);
      for (let again = 0; again < 5; again += 1) await check(id, 'wrong', source, limits);
      expect(await check(await sent(), 'wrong', source)).toMatchObject({ result: 'wrong' });
      expect(await check(await sent(), 'wrong', source)).toMatchObject({ result: 'budget_used' });
    });

    it('counts the same attempt once', async () => {
      const source = sourceOf(2);
      const id = await sent();
      const same = attempt('wrong');
      for (let again = 0; again < 4; again += 1) {
        expect(await store.check(id, same, LIMITS, source)).toMatchObject({ attemptsLeft: 4 });
      }
      expect(await check(await sent(), 'wrong', source)).toMatchObject({ result: 'wrong' });
      expect(await check(await sent(), 'wrong', source)).toMatchObject({ result: 'budget_used' });
    });

    it('lets the longest wait answer, of the phone or of the source', async () => {
      const source = sourceOf(1);
      const limits = { ...LIMITS, maxWrongGuesses: 1 };
      const id = await sent();
      await check(id, 'wrong', source, limits);
      expect(await check(id, 'right', source, limits)).toMatchObject({ waitMs: DAY });
      const bySource = await check(id, 'right', source);
      expect(bySource.result === 'budget_used' && bySource.waitMs).toBeLessThanOrEqual(HOUR + MINUTE);
    });

    it('compares nothing with 0, for a day', async () => {
      expect(await check(await sent(), 'right', sourceOf(0))).toMatchObject({
        result: 'budget_used',
        waitMs: DAY,
      });
    });

    it('keeps sources apart, and limits none that is not named', async () => {
      const source = sourceOf(1);
      await check(await sent(), 'wrong', source);
      expect(await check(await sent(), 'right', sourceOf(1))).toMatchObject({ result: 'approved' });
      expect(await store.check(await sent(), attempt('right'), LIMITS)).toMatchObject({ result: 'approved' });
    });
  });
}

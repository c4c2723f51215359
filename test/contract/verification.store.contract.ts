import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { progressOf, type DeliveryReport } from '../../apps/api/src/verification/delivery.js';
import type { CheckLimits } from '../../apps/api/src/verification/verification.rule.js';
import { VerificationId } from '../../apps/api/src/verification/verification-id.js';
import type { CheckAnswer, VerificationStore } from '../../apps/api/src/verification/verification.store.js';
import { macOf, SEALED_PHONE, sealedCode } from '../support/sealed-code.js';
import { newId, type StorageUnderTest } from '../support/stores.js';

const SECOND = 1_000;
const DAY = 24 * 3_600 * SECOND;
const TTL = 600 * SECOND;
const LIMITS: CheckLimits = { maxAttempts: 5, maxWrongGuesses: 20 };
const OPEN_LIMITS = { ttlMs: TTL, maxWrongGuesses: 20, sendMs: 10 * SECOND };
/** From its opening until an unsettled send counts as interrupted. */
const INTERRUPTED_AFTER = 15 * SECOND;

/** What every store of codes must do. */
export function describeVerificationStore(
  name: string,
  create: () => Promise<{ under: StorageUnderTest; store: VerificationStore }>,
): void {
  describe(`${name} as a verification store`, () => {
    let under: StorageUnderTest;
    let store: VerificationStore;

    beforeAll(async () => ({ under, store } = await create()));
    afterAll(() => under.close());

    const newPhoneId = (): VerificationId => VerificationId.create(newId());
    const attemptId = (): string => randomBytes(8).toString('base64url');

    const open = (id: VerificationId, code = 'right') => store.open(id, sealedCode(code), OPEN_LIMITS);
    const check = (id: VerificationId, code: string, limits = LIMITS): Promise<CheckAnswer> =>
      store.check(id, { id: attemptId(), mac: macOf(code) }, limits);

    async function sent(id: VerificationId, code = 'right'): Promise<VerificationId> {
      await open(id, code);
      await store.settle(id, { send: 'accepted', sid: 'SM0123' });
      return id;
    }

    it('accepts the right code once, however often it is entered at once', async () => {
      const id = await sent(newPhoneId());
      const answers = await Promise.all(Array.from({ length: 50 }, () => check(id, 'right')));
      expect(answers.filter(({ result }) => result === 'approved')).toHaveLength(1);
      expect(
        answers.filter((answer) => answer.result === 'ended' && answer.status === 'approved'),
      ).toHaveLength(49);
    });

    it('compares no more wrong guesses than allowed, however many are made at once, and then not the right one', async () => {
      const id = await sent(newPhoneId());
      const answers = await Promise.all(Array.from({ length: 50 }, () => check(id, 'wrong')));
      const left = answers.flatMap((answer) => (answer.result === 'wrong' ? [answer.attemptsLeft] : []));
      expect(new Set(left)).toEqual(new Set([0, 1, 2, 3, 4]));
      expect(left).toHaveLength(5);
      expect(await check(id, 'right')).toMatchObject({ result: 'ended', status: 'attempts_exhausted' });
    });

    it('gives the sealed phone and the purpose with the answer', async () => {
      const id = await sent(newPhoneId());
      expect(await check(id, 'right')).toEqual({
        result: 'approved',
        sealedPhone: SEALED_PHONE,
        purpose: 'login',
      });
    });

    it('answers the same attempt the same, and counts it once', async () => {
      const id = await sent(newPhoneId());
      const attempt = { id: attemptId(), mac: macOf('wrong') };
      await store.check(id, attempt, LIMITS);
      await check(id, 'also wrong');
      expect(await store.check(id, attempt, LIMITS)).toMatchObject({ result: 'wrong', attemptsLeft: 4 });
      expect(await check(id, 'wrong again')).toMatchObject({ attemptsLeft: 2 });
      const right = { id: attemptId(), mac: macOf('right') };
      await store.check(id, right, LIMITS);
      expect(await store.check(id, right, LIMITS)).toMatchObject({ result: 'approved' });
      expect(await check(id, 'right')).toMatchObject({ result: 'ended', status: 'approved' });
    });

    it('knows no id that was never issued', async () => {
      const id = newPhoneId();
      expect(await check(id, 'right')).toEqual({ result: 'not_found' });
      expect(await store.find(id, LIMITS.maxAttempts)).toBeUndefined();
    });

    it('can check a code before its send is settled', async () => {
      const id = newPhoneId();
      await open(id);
      expect(await check(id, 'right')).toMatchObject({ result: 'approved' });
    });

    it('stores the same id once', async () => {
      const id = newPhoneId();
      const first = await open(id, 'right');
      await under.advance(SECOND);
      expect(await open(id, 'other')).toEqual(first);
      expect(await check(id, 'right')).toMatchObject({ result: 'approved' });
    });

    it('lets a code expire at its time, and says so for an hour', async () => {
      const id = newPhoneId();
      const before = await under.now();
      expect(await open(id)).toEqual({ opened: true, expiresAt: before + TTL });
      await store.settle(id, { send: 'accepted', sid: 'SM0123' });
      await under.advance(TTL - 1);
      expect(await check(id, 'wrong')).toMatchObject({ result: 'wrong' });
      await under.advance(1);
      expect(await check(id, 'right')).toMatchObject({ result: 'ended', status: 'expired' });
      await under.advance(3_600 * SECOND - 1);
      expect(await store.find(id, LIMITS.maxAttempts)).toMatchObject({ status: 'expired' });
    });

    it('ends the old code when the send of a new one may have gone out, and not before', async () => {
      const old = await sent(newPhoneId(), 'old');
      await under.advance(60 * SECOND);
      const next = old.sibling(newId());
      await open(next, 'new');
      expect(await check(old, 'wrong')).toMatchObject({ result: 'wrong' });
      await store.settle(next, { send: 'unknown' });
      expect(await check(old, 'old')).toMatchObject({ result: 'ended', status: 'replaced' });
      expect(await check(next, 'new')).toMatchObject({ result: 'approved' });
    });

    it('keeps the old code when the send of a new one failed, and remembers the failure', async () => {
      const old = await sent(newPhoneId(), 'old');
      await under.advance(60 * SECOND);
      const next = old.sibling(newId());
      await open(next, 'new');
      await store.settle(next, { send: 'failed', failure: 'opted_out' });
      expect(await check(next, 'new')).toMatchObject({ result: 'ended', status: 'send_failed' });
      expect(await store.find(next, LIMITS.maxAttempts)).toMatchObject({
        status: 'send_failed',
        failure: 'opted_out',
      });
      expect(await check(old, 'old')).toMatchObject({ result: 'approved' });
    });

    it('keeps the old code when a new one is discarded, and forgets the new one', async () => {
      const old = await sent(newPhoneId(), 'old');
      const next = old.sibling(newId());
      await open(next, 'new');
      await store.discard(next);
      await under.advance(60 * SECOND);
      expect(await check(next, 'new')).toEqual({ result: 'not_found' });
      expect(await check(old, 'old')).toMatchObject({ result: 'approved' });
    });

    it.each(['old', 'new'])(
      'ends the other code when the %s one is approved while the new one is in flight',
      async (which) => {
        const old = await sent(newPhoneId(), 'old');
        await under.advance(60 * SECOND);
        const next = old.sibling(newId());
        await open(next, 'new');
        await under.advance(SECOND);
        const [approved, other] = which === 'old' ? [old, next] : [next, old];
        expect(await check(approved, which)).toMatchObject({ result: 'approved' });
        const otherCode = which === 'old' ? 'new' : 'old';
        expect(await check(other, otherCode)).toMatchObject({ result: 'ended', status: 'replaced' });
        await store.settle(next, { send: 'accepted', sid: 'SM0123' });
        expect(await check(other, otherCode)).toMatchObject({ result: 'ended', status: 'replaced' });
        expect(await store.find(approved, LIMITS.maxAttempts)).toMatchObject({ status: 'approved' });
      },
    );

    it('is in doubt about the old code when the send of a new one was interrupted, until that is settled', async () => {
      const old = await sent(newPhoneId(), 'old');
      await under.advance(60 * SECOND);
      const next = old.sibling(newId());
      await open(next, 'new');
      await under.advance(INTERRUPTED_AFTER - 1);
      expect(await check(old, 'wrong')).toMatchObject({ result: 'wrong' });
      await under.advance(1);
      expect(await check(old, 'old')).toMatchObject({ result: 'in_doubt', nonces: [next.nonce] });
      expect(await store.find(old, LIMITS.maxAttempts)).toMatchObject({
        status: 'pending',
        inDoubt: [next.nonce],
      });
      await store.settle(next, { send: 'unknown' });
      expect(await check(old, 'old')).toMatchObject({ result: 'ended', status: 'replaced' });
      expect(await check(next, 'new')).toMatchObject({ result: 'approved' });
    });

    it('settles a send once: a later word changes nothing', async () => {
      const id = await sent(newPhoneId());
      await store.settle(id, { send: 'failed', failure: 'provider_error' });
      expect(await store.find(id, LIMITS.maxAttempts)).toMatchObject({ status: 'pending', send: 'accepted' });
    });

    it('counts wrong guesses per phone whatever is sent again, and then refuses the right code, for a day', async () => {
      let id = newPhoneId();
      for (let code = 0; code < 4; code += 1) {
        id = await sent(id.sibling(newId()));
        for (let guess = 0; guess < 5; guess += 1) await check(id, 'wrong');
        await under.advance(60 * SECOND);
      }
      const wait = DAY - 240 * SECOND;
      expect(await open(id.sibling(newId()))).toEqual({ opened: false, waitMs: wait });
      await under.advance(wait - 1);
      expect(await open(id.sibling(newId()))).toEqual({ opened: false, waitMs: 1 });
      await under.advance(1);
      const next = await sent(id.sibling(newId()));
      expect(await check(next, 'right')).toMatchObject({ result: 'approved' });
    });

    it('refuses the right code while the guesses of the phone are used up, and takes it afterwards', async () => {
      const limits = { ...LIMITS, maxWrongGuesses: 2 };
      const id = await sent(newPhoneId());
      await check(id, 'wrong', limits);
      await under.advance(10 * SECOND);
      await check(id, 'wrong', limits);
      expect(await check(id, 'right', limits)).toMatchObject({
        result: 'budget_used',
        waitMs: DAY - 10 * SECOND,
      });
      expect(await check(id, 'right')).toMatchObject({ result: 'approved' });
    });

    it('does not give guesses back for a success', async () => {
      const id = await sent(newPhoneId());
      const limits = { ...LIMITS, maxWrongGuesses: 2 };
      await check(id, 'wrong', limits);
      await check(id, 'right', limits);
      const next = await sent(id.sibling(newId()));
      await check(next, 'wrong', limits);
      expect(await check(next, 'right', limits)).toMatchObject({ result: 'budget_used' });
    });

    it('counts no guess at a code that has ended', async () => {
      const id = await sent(newPhoneId());
      await check(id, 'right');
      const limits = { ...LIMITS, maxWrongGuesses: 1 };
      for (let guess = 0; guess < 10; guess += 1) await check(id, 'wrong', limits);
      const next = await sent(id.sibling(newId()));
      expect(await check(next, 'right', limits)).toMatchObject({ result: 'approved' });
    });

    it('accepts nothing with 0 attempts, and nothing with a budget of 0', async () => {
      const id = await sent(newPhoneId());
      expect(await check(id, 'right', { ...LIMITS, maxAttempts: 0 })).toMatchObject({
        status: 'attempts_exhausted',
      });
      expect(await check(id, 'right', { ...LIMITS, maxWrongGuesses: 0 })).toMatchObject({
        result: 'budget_used',
        waitMs: DAY,
      });
      expect(await store.open(newPhoneId(), sealedCode(), { ...OPEN_LIMITS, maxWrongGuesses: 0 })).toEqual({
        opened: false,
        waitMs: DAY,
      });
    });

    it('moves a message forward only, whatever comes in whatever order, and says whether it moved', async () => {
      const id = await sent(newPhoneId());
      const moved = async (delivery: DeliveryReport['delivery'], twilioCode?: number) => {
        const { before, progress } = (await store.report(id, { delivery, twilioCode }))!;
        return progress > before;
      };
      expect(await moved('sent')).toBe(true);
      expect(await moved('queued')).toBe(false);
      expect(await moved('sent')).toBe(false);
      expect(await moved('undelivered', 30003)).toBe(true);
      expect(await moved('failed', 30007)).toBe(false);
      const expected = progressOf({ delivery: 'undelivered', twilioCode: 30003 });
      expect(await store.find(id, LIMITS.maxAttempts)).toMatchObject({
        progress: expected,
        status: 'pending',
      });
    });

    it('takes a report before the send is settled, and keeps it', async () => {
      const id = newPhoneId();
      await open(id);
      await store.report(id, { delivery: 'delivered' });
      await store.settle(id, { send: 'accepted', sid: 'SM0123' });
      expect(await store.find(id, LIMITS.maxAttempts)).toMatchObject({
        sid: 'SM0123',
        progress: progressOf({ delivery: 'delivered' }),
      });
    });

    it('keeps nothing of a report about a code that it does not know', async () => {
      const id = newPhoneId();
      expect(await store.report(id, { delivery: 'delivered' })).toBeUndefined();
      expect(await store.claimRefresh(id, SECOND)).toBe(false);
      expect(await store.find(id, LIMITS.maxAttempts)).toBeUndefined();
    });

    it('lets one caller ask for news when there was none for a while', async () => {
      const id = await sent(newPhoneId());
      await under.advance(14_999);
      expect(await store.claimRefresh(id, 15_000)).toBe(false);
      expect(await store.find(id, LIMITS.maxAttempts)).toMatchObject({ quietMs: 14_999 });
      await under.advance(1);
      const claims = await Promise.all(Array.from({ length: 20 }, () => store.claimRefresh(id, 15_000)));
      expect(claims.filter(Boolean)).toHaveLength(1);
      await under.advance(10_000);
      await store.report(id, { delivery: 'sent' });
      await under.advance(14_999);
      expect(await store.claimRefresh(id, 15_000)).toBe(false);
    });

    it('remembers up to eight interrupted sends of a phone', async () => {
      const old = await sent(newPhoneId(), 'old');
      for (let send = 0; send < 20; send += 1) await open(old.sibling(newId()), 'new');
      await under.advance(INTERRUPTED_AFTER);
      expect((await store.find(old, LIMITS.maxAttempts))?.inDoubt).toHaveLength(8);
    });

    it('remembers a code for an hour after it was replaced', async () => {
      const old = await sent(newPhoneId(), 'old');
      await under.advance(TTL - SECOND);
      await sent(old.sibling(newId()), 'new');
      await under.advance(3_600 * SECOND);
      expect(await store.find(old, LIMITS.maxAttempts)).toMatchObject({ status: 'replaced' });
    });
  });
}

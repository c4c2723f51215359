import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { REPEATED_MS, type IdempotencyStore } from '../../apps/api/src/idempotency/idempotency.store.js';
import { newId, type StorageUnderTest } from '../support/stores.js';

const RUNNING_MS = 12_000;

/** What every store of idempotency keys must do. */
export function describeIdempotencyStore(
  name: string,
  create: () => Promise<{ under: StorageUnderTest; store: IdempotencyStore }>,
): void {
  describe(`${name} as a store of idempotency keys`, () => {
    let under: StorageUnderTest;
    let store: IdempotencyStore;

    beforeAll(async () => ({ under, store } = await create()));
    afterAll(() => under.close());

    const claim = (key: string, id = newId(), body = 'body') => store.claim(key, { id, body }, RUNNING_MS);

    it('gives a key to exactly one call, however many ask at once', async () => {
      const key = newId();
      const claims = await Promise.all(Array.from({ length: 50 }, () => claim(key)));
      expect(claims.filter(({ result }) => result === 'first')).toHaveLength(1);
      expect(claims.filter(({ result }) => result === 'in_use')).toHaveLength(49);
    });

    it('gives the same call the key twice, in case its answer was lost', async () => {
      const key = newId();
      expect([await claim(key, 'one'), await claim(key, 'one')]).toEqual([
        { result: 'first' },
        { result: 'first' },
      ]);
    });

    it('repeats the answer for 24 hours after it was given', async () => {
      const key = newId();
      await claim(key, 'one');
      await under.advance(5_000);
      await store.answer(key, 'one', 'sealed');
      expect(await claim(key)).toEqual({ result: 'answered', answer: 'sealed' });
      await under.advance(REPEATED_MS - 1);
      expect(await claim(key)).toEqual({ result: 'answered', answer: 'sealed' });
    });

    it('refuses another body, whether the first call is running, answered or dead', async () => {
      const key = newId();
      await claim(key, 'one');
      expect(await claim(key, newId(), 'other')).toEqual({ result: 'other_body' });
      await under.advance(RUNNING_MS);
      expect(await claim(key, newId(), 'other')).toEqual({ result: 'other_body' });
      await store.answer(key, 'one', 'sealed');
      expect(await claim(key, newId(), 'other')).toEqual({ result: 'other_body' });
    });

    it('says that a call has died when it has no answer after its time, and never gives its key away', async () => {
      const key = newId();
      await claim(key, 'one');
      await under.advance(RUNNING_MS - 1);
      expect(await claim(key)).toEqual({ result: 'in_use' });
      await under.advance(1);
      for (let again = 0; again < 3; again += 1)
        expect(await claim(key)).toEqual({ result: 'died', id: 'one' });
    });

    it('takes an answer that comes late', async () => {
      const key = newId();
      await claim(key, 'one');
      await under.advance(RUNNING_MS);
      await store.answer(key, 'one', 'sealed');
      expect(await claim(key)).toEqual({ result: 'answered', answer: 'sealed' });
    });

    it('frees a key once its call says so, and not when another call does', async () => {
      const key = newId();
      await claim(key, 'one');
      await store.free(key, 'other');
      expect(await claim(key)).toEqual({ result: 'in_use' });
      await store.free(key, 'one');
      expect(await claim(key, 'two')).toEqual({ result: 'first' });
      await store.free(key, 'one');
      await store.answer(key, 'one', 'of another call');
      expect(await claim(key)).toEqual({ result: 'in_use' });
    });

    it('does not free a key that was answered', async () => {
      const key = newId();
      await claim(key, 'one');
      await store.answer(key, 'one', 'sealed');
      await store.free(key, 'one');
      expect(await claim(key)).toEqual({ result: 'answered', answer: 'sealed' });
    });

    it('keeps keys apart', async () => {
      await claim(newId());
      expect(await claim(newId())).toEqual({ result: 'first' });
    });
  });
}

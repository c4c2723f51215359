import assert from 'node:assert/strict';
import { randomUUID as newKey } from 'node:crypto';
import type { Quota } from '../rate-limit/quota.rule.js';
import type { Granted, RateLimit, RateLimitStore, Refused } from '../rate-limit/rate-limit.store.js';
import { assertBetween, assertGranted, assertRefused } from './answer.assertions.js';
import type { TestOfStore } from './rate-limit.store.contract.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NO_COOLDOWN: RateLimit = { units: 3, windowMs: DAY, cooldownMs: 0, sendMs: 10 * SECOND, returns: 9 };
const COOLDOWN: RateLimit = { ...NO_COOLDOWN, cooldownMs: MINUTE };

/** What every store must do with allowances that many phones share. */
export function quotaContract(test: TestOfStore): void {
  const source = (units: number): Quota => ({
    name: 'source',
    key: newKey(),
    units,
    windowMs: HOUR,
    bucketMs: MINUTE,
  });
  const total = (units: number): Quota => ({
    name: 'total',
    key: newKey(),
    units,
    windowMs: DAY,
    bucketMs: 15 * MINUTE,
  });
  /** A phone that was never sent anything asks for a code. */
  const ask = (store: RateLimitStore, quotas: readonly Quota[]): Promise<Granted | Refused> =>
    store.reserve(newKey(), NO_COOLDOWN, newKey(), quotas);
  const grantedOf = (answers: readonly (Granted | Refused)[]): number =>
    answers.filter(({ granted }) => granted).length;
  const atOnce = <T>(times: number, work: () => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: times }, work));

  test('grants exactly the units, however many phones ask at once', async (store) => {
    const quotas = [source(7)];
    const answers = await atOnce(60, () => ask(store, quotas));
    assert.equal(grantedOf(answers), 7);
    for (const answer of answers) if (!answer.granted) assertRefused(answer, { rule: 'source' });
  });

  test('never exceeds one of two quotas, and in the end grants what both have left', async (store) => {
    const [mine, everybodys] = [source(9), total(4)];
    const atFirst = grantedOf(await atOnce(40, () => ask(store, [mine, everybodys])));
    assertBetween(atFirst, 0, 4);
    let granted = atFirst;
    while ((await ask(store, [mine, everybodys])).granted) granted += 1;
    assert.equal(granted, 4);
  });

  test('takes nothing of a quota when another quota refuses', async (store) => {
    const mine = source(2);
    assertRefused(await ask(store, [mine, total(0)]), { rule: 'total' });
    assert.equal(
      grantedOf([await ask(store, [mine]), await ask(store, [mine]), await ask(store, [mine])]),
      2,
    );
  });

  test('takes nothing of the quotas when the phone refuses', async (store) => {
    const quotas = [source(2), total(2)];
    const phone = newKey();
    assertGranted(await store.reserve(phone, COOLDOWN, newKey(), quotas));
    for (let again = 0; again < 5; again += 1) {
      assertRefused(await store.reserve(phone, COOLDOWN, newKey(), quotas), { rule: 'cooldown' });
    }
    assertGranted(await ask(store, quotas));
    assertRefused(await ask(store, quotas));
  });

  test('takes nothing of the phone when a quota refuses', async (store) => {
    const quotas = [source(1)];
    await ask(store, quotas);
    const phone = newKey();
    for (let again = 0; again < 5; again += 1) {
      assertRefused(await store.reserve(phone, COOLDOWN, newKey(), quotas), { rule: 'source' });
    }
    assertGranted(await store.reserve(phone, COOLDOWN, newKey()));
  });

  test('gives a unit back exactly once, however often and at once it is released', async (store) => {
    const quotas = [source(2), total(2)];
    const [phone, id] = [newKey(), newKey()];
    await ask(store, quotas);
    await store.reserve(phone, NO_COOLDOWN, id, quotas);
    await atOnce(5, () => store.release(phone, id, 'failed', quotas));
    await store.release(phone, id, 'failed', quotas);
    assertGranted(await ask(store, quotas));
    assertRefused(await ask(store, quotas));
  });

  test('gives a unit back to the quotas that are named, and to no other', async (store) => {
    const [mine, everybodys] = [source(1), total(1)];
    const [phone, id] = [newKey(), newKey()];
    await store.reserve(phone, NO_COOLDOWN, id, [mine, everybodys]);
    await store.release(phone, id, 'failed', [everybodys]);
    assertRefused(await ask(store, [mine]), { rule: 'source' });
    assertGranted(await ask(store, [everybodys]));
  });

  test('gives a unit back to the time at which it was taken', async (store, advance) => {
    const quotas = [source(2)];
    const [phone, id] = [newKey(), newKey()];
    await store.reserve(phone, NO_COOLDOWN, id, quotas);
    await advance(5 * MINUTE);
    await ask(store, quotas);
    await store.release(phone, id, 'unused', quotas);
    await ask(store, quotas);
    const answer = await ask(store, quotas);
    assertRefused(answer);
    assertBetween(answer.waitMs, HOUR - MINUTE + 1, HOUR + MINUTE); // both were taken just now
  });

  test('gives nothing back for a reservation that was refused or never made', async (store) => {
    const quotas = [source(1)];
    const [phone, refused] = [newKey(), newKey()];
    await ask(store, quotas);
    await store.reserve(phone, NO_COOLDOWN, refused, quotas);
    for (const id of [refused, newKey()]) await store.release(phone, id, 'unused', quotas);
    assertRefused(await ask(store, quotas));
  });

  test('keeps the unit of a send that may have gone out', async (store) => {
    const quotas = [source(1)];
    const [phone, id] = [newKey(), newKey()];
    await store.reserve(phone, NO_COOLDOWN, id, quotas);
    await store.keep(phone, id);
    assertRefused(await ask(store, quotas), { rule: 'source' });
  });

  test('takes one unit for the same reservation asked twice', async (store) => {
    const quotas = [source(2), total(2)];
    const [phone, id] = [newKey(), newKey()];
    for (let again = 0; again < 4; again += 1) {
      assertGranted(await store.reserve(phone, COOLDOWN, id, quotas));
    }
    assertGranted(await ask(store, quotas));
    assertRefused(await ask(store, quotas));
  });

  for (const quotaOf of [source, total]) {
    const { name, windowMs, bucketMs } = quotaOf(0);

    test(`has a unit free again when its bucket has left the window, and not before (${name})`, async (store, advance) => {
      const quotas = [quotaOf(2)];
      await ask(store, quotas);
      await advance(bucketMs);
      await ask(store, quotas);
      const refused = await ask(store, quotas);
      assertRefused(refused, { rule: name });
      assertBetween(refused.waitMs, windowMs - bucketMs, windowMs + bucketMs);
      await advance(refused.waitMs - 1);
      assertRefused(await ask(store, quotas), { rule: name, waitMs: 1 });
      await advance(1);
      assertGranted(await ask(store, quotas));
      assertRefused(await ask(store, quotas), { rule: name, waitMs: bucketMs });
    });

    test(`allows nothing with a quota of 0, for a day (${name})`, async (store) => {
      assertRefused(await ask(store, [quotaOf(0)]), { rule: name, waitMs: DAY });
    });
  }

  test('lets the rule with the longest wait answer', async (store) => {
    const [mine, everybodys] = [source(1), total(1)];
    const phone = newKey();
    await store.reserve(phone, COOLDOWN, newKey(), [mine, everybodys]);
    const answerOf = async (quotas: readonly Quota[]): Promise<string | undefined> => {
      const answer = await store.reserve(phone, COOLDOWN, newKey(), quotas);
      return answer.granted ? undefined : answer.rule;
    };
    assert.equal(await answerOf([]), 'cooldown');
    assert.equal(await answerOf([mine]), 'source');
    assert.equal(await answerOf([mine, everybodys]), 'total');
  });

  test('keeps sources apart', async (store) => {
    await ask(store, [source(1)]);
    assertGranted(await ask(store, [source(1)]));
  });
}

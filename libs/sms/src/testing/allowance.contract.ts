import assert from 'node:assert/strict';
import { randomUUID as newKey } from 'node:crypto';
import type { RateLimit, RateLimitStore } from '../rate-limit/rate-limit.store.js';
import { assertGranted, assertRefused } from './answer.assertions.js';
import type { TestOfStore } from './rate-limit.store.contract.js';

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

/** What every store must do with the allowance of a phone. */
export function allowanceContract(test: TestOfStore): void {
  /** A send that went well: reserved, and settled at once. */
  async function send(store: RateLimitStore, key: string, limit = LIMIT): Promise<void> {
    const id = newKey();
    assertGranted(await store.reserve(key, limit, id));
    await store.keep(key, id);
  }

  test('grants exactly the allowance, however many ask at once', async (store) => {
    const key = newKey();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => store.reserve(key, NO_COOLDOWN, newKey())),
    );
    assert.equal(answers.filter(({ granted }) => granted).length, 3);
  });

  test('grants one send when many ask at once and there is a cooldown', async (store) => {
    const key = newKey();
    const answers = await Promise.all(Array.from({ length: 50 }, () => store.reserve(key, LIMIT, newKey())));
    assert.equal(answers.filter(({ granted }) => granted).length, 1);
  });

  test('refuses until the cooldown since the end of the last send is over, to the millisecond', async (store, advance) => {
    const key = newKey();
    await send(store, key);
    await advance(59_999);
    assertRefused(await store.reserve(key, LIMIT, newKey()), {
      rule: 'cooldown',
      waitMs: 1,
    });
    await advance(1);
    assertGranted(await store.reserve(key, LIMIT, newKey()));
  });

  test('counts a send in flight as one that could end at its deadline', async (store, advance) => {
    const key = newKey();
    await store.reserve(key, LIMIT, 'first');
    const wait = LIMIT.sendMs + LIMIT.cooldownMs;
    assertRefused(await store.reserve(key, LIMIT, newKey()), {
      rule: 'cooldown',
      waitMs: wait,
    });
    await advance(4 * SECOND);
    await store.keep(key, 'first');
    assertRefused(await store.reserve(key, LIMIT, newKey()), { waitMs: LIMIT.cooldownMs });
  });

  test('does not let a later settlement of the same send prolong the cooldown', async (store, advance) => {
    const key = newKey();
    await store.reserve(key, LIMIT, 'first');
    await store.keep(key, 'first');
    await advance(5 * SECOND);
    await store.keep(key, 'first');
    assertRefused(await store.reserve(key, LIMIT, newKey()), { waitMs: 55 * SECOND });
  });

  test('never grants more than the allowance in any 24 hours, and says when the next unit is free', async (store, advance) => {
    const key = newKey();
    for (let sent = 0; sent < 3; sent += 1) {
      await send(store, key);
      await advance(HOUR);
    }
    assertRefused(await store.reserve(key, LIMIT, newKey()), {
      rule: 'window',
      waitMs: 21 * HOUR,
    });
    await advance(21 * HOUR - 1);
    assertRefused(await store.reserve(key, LIMIT, newKey()), { waitMs: 1 });
    await advance(1);
    await send(store, key);
    assertRefused(await store.reserve(key, NO_COOLDOWN, newKey()), {
      rule: 'window',
      waitMs: HOUR,
    });
  });

  test('lets the rule with the longest wait answer', async (store) => {
    const key = newKey();
    for (let sent = 0; sent < 3; sent += 1) await send(store, key, NO_COOLDOWN);
    assertRefused(await store.reserve(key, LIMIT, newKey()), { rule: 'window', waitMs: DAY });
  });

  test('changes nothing by a refusal', async (store, advance) => {
    const key = newKey();
    await send(store, key);
    for (let again = 0; again < 20; again += 1) await store.reserve(key, LIMIT, newKey());
    await advance(60 * SECOND);
    await send(store, key);
    await advance(60 * SECOND);
    await send(store, key);
  });

  test('takes one unit for the same reservation asked twice', async (store, advance) => {
    const key = newKey();
    for (let again = 0; again < 5; again += 1) {
      assertGranted(await store.reserve(key, LIMIT, 'first'));
    }
    await store.keep(key, 'first');
    await advance(60 * SECOND);
    await send(store, key);
    await advance(60 * SECOND);
    await send(store, key);
  });

  test('gives exactly one unit back, however often it is released, and ends its cooldown', async (store) => {
    const key = newKey();
    await send(store, key, NO_COOLDOWN);
    await store.reserve(key, NO_COOLDOWN, 'failing');
    await store.release(key, 'failing', 'failed');
    await store.release(key, 'failing', 'failed');
    await send(store, key, NO_COOLDOWN);
    await send(store, key, NO_COOLDOWN);
    assertRefused(await store.reserve(key, NO_COOLDOWN, newKey()), {
      rule: 'window',
    });
  });

  test('keeps the cooldown of a newer send when an older one fails late', async (store, advance) => {
    const key = newKey();
    await store.reserve(key, LIMIT, 'old');
    await advance(70 * SECOND);
    await send(store, key);
    await store.release(key, 'old', 'failed');
    assertRefused(await store.reserve(key, LIMIT, newKey()), {
      rule: 'cooldown',
      waitMs: 60 * SECOND,
    });
  });

  test('bounds the reservations that are given back after a failed send', async (store, advance) => {
    const key = newKey();
    for (let failed = 0; failed < 9; failed += 1) {
      const id = newKey();
      assertGranted(await store.reserve(key, LIMIT, id));
      await store.release(key, id, 'failed');
      await advance(SECOND);
    }
    const answer = await store.reserve(key, LIMIT, newKey());
    assertRefused(answer, { rule: 'window', waitMs: DAY - 9 * SECOND });
    await advance(DAY - 9 * SECOND);
    await send(store, key);
  });

  test('forgets an unused reservation without a trace', async (store) => {
    const key = newKey();
    for (let unused = 0; unused < 40; unused += 1) {
      const id = newKey();
      assertGranted(await store.reserve(key, LIMIT, id));
      await store.release(key, id, 'unused');
    }
    await send(store, key);
  });

  test('never grants a reservation again that was given back', async (store) => {
    const key = newKey();
    await store.reserve(key, LIMIT, 'spent');
    await store.release(key, 'spent', 'failed');
    assertRefused(await store.reserve(key, LIMIT, 'spent'));
  });

  test('releases nothing for an id it does not know', async (store) => {
    const key = newKey();
    await send(store, key);
    await store.release(key, 'never reserved', 'failed');
    await store.release(key, 'never reserved', 'unused');
    assertRefused(await store.reserve(key, LIMIT, newKey()), { rule: 'cooldown' });
  });

  test('allows nothing with an allowance of 0, for a day', async (store) => {
    const answer = await store.reserve(newKey(), { ...LIMIT, units: 0, returns: 0 }, newKey());
    assertRefused(answer, { rule: 'window', waitMs: DAY });
  });

  test('tells whether a reservation holds', async (store) => {
    const key = newKey();
    await store.reserve(key, NO_COOLDOWN, 'kept');
    await store.reserve(key, NO_COOLDOWN, 'failed');
    await store.release(key, 'failed', 'failed');
    const held = await Promise.all(['kept', 'failed', 'unknown'].map((id) => store.holds(key, id)));
    assert.deepEqual(held, [true, false, false]);
  });

  test('keeps phones apart', async (store) => {
    const phone = newKey();
    await send(store, phone);
    await send(store, newKey());
    assertRefused(await store.reserve(phone, LIMIT, newKey()));
  });
}

import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { RedisVerificationStore } from '../../apps/api/src/verification/redis-verification.store.js';
import { VerificationId } from '../../apps/api/src/verification/verification-id.js';
import { RedisRateLimitStore } from '../../libs/sms/src/rate-limit/redis.store.js';
import { macOf, sealedCode } from '../support/sealed-code.js';
import { newId, redisUnderTest } from '../support/stores.js';

const LIMIT = { units: 1, windowMs: 60_000, cooldownMs: 0, sendMs: 1_000, returns: 1 };
const OPEN_LIMITS = { ttlMs: 60_000, maxWrongGuesses: 20, sendMs: 1_000 };
const CHECK_LIMITS = { maxAttempts: 5, maxWrongGuesses: 20 };
const CALLS = 50;
const ROUNDS = 5;

/** A Redis forgets scripts when it is started again, after a failover, and when somebody flushes them. */
export function describeForgottenScripts(name: string, url: () => string, nodes: () => Redis[]): void {
  let under: Awaited<ReturnType<typeof redisUnderTest>>;
  beforeAll(async () => void (under = await redisUnderTest(url())));
  afterAll(() => under.close());

  it(`${name} forgets scripts between calls and under ${CALLS} of them at once, and no call fails`, async () => {
    const limits = new RedisRateLimitStore(under.storage);
    const verifications = new RedisVerificationStore(under.storage);
    const use = async (): Promise<[boolean, string]> => {
      const [phone, reservation, id] = [newId(), newId(), VerificationId.create(newId())];
      const [{ granted }] = await Promise.all([
        limits.reserve(phone, LIMIT, reservation),
        verifications.open(id, sealedCode(), OPEN_LIMITS),
      ]);
      await Promise.all([
        limits.keep(phone, reservation),
        verifications.settle(id, { send: 'accepted', sid: 'SM0123' }),
      ]);
      const attempt = { id: newId().slice(0, 11), mac: macOf('right') };
      return [granted, (await verifications.check(id, attempt, CHECK_LIMITS)).result];
    };
    const forget = (): Promise<unknown> => Promise.all(nodes().map((node) => node.script('FLUSH')));
    for (let round = 0; round < ROUNDS; round += 1) {
      await forget();
      const uses = Array.from({ length: CALLS }, use);
      await forget();
      expect(await Promise.all(uses)).toEqual(Array(CALLS).fill([true, 'approved']));
    }
  });
}

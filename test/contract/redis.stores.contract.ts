import { afterAll, describe, it } from '@jest/globals';
import { rateLimitStoreContract } from '@app/sms/testing';
import { RedisIdempotencyStore } from '../../apps/api/src/idempotency/redis-idempotency.store.js';
import { RedisVerificationStore } from '../../apps/api/src/verification/redis-verification.store.js';
import { RedisRateLimitStore } from '../../libs/sms/src/rate-limit/redis.store.js';
import { redisUnderTest } from '../support/stores.js';
import { describeGuessesOfASource } from './guesses-of-a-source.contract.js';
import { describeIdempotencyStore } from './idempotency.store.contract.js';
import { describeVerificationStore } from './verification.store.contract.js';

/** Everything that the stores must do, on a Redis that a test has set up. @param url for `redis.url` */
export function describeRedisStores(name: string, url: () => string): void {
  rateLimitStoreContract({
    describe,
    it,
    afterAll,
    name,
    create: async () => {
      const under = await redisUnderTest(url());
      return { ...under, store: new RedisRateLimitStore(under.storage) };
    },
  });
  for (const describeStore of [describeVerificationStore, describeGuessesOfASource]) {
    describeStore(name, async () => {
      const under = await redisUnderTest(url());
      return { under, store: new RedisVerificationStore(under.storage) };
    });
  }
  describeIdempotencyStore(name, async () => {
    const under = await redisUnderTest(url());
    return { under, store: new RedisIdempotencyStore(under.storage) };
  });
}

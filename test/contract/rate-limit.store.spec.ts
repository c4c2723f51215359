import { afterAll, describe, it } from '@jest/globals';
import { MemoryRateLimitStore, ManualClock, rateLimitStoreContract } from '@app/sms/testing';
import { EmbeddedRateLimitStore } from '../../libs/sms/src/rate-limit/embedded.store.js';
import { RedisRateLimitStore } from '../../libs/sms/src/rate-limit/redis.store.js';
import { embeddedUnderTest, redisUnderTest } from '../support/stores.js';

const runner = { describe, it, afterAll };

rateLimitStoreContract({
  ...runner,
  name: 'The embedded store',
  create: async () => {
    const under = await embeddedUnderTest();
    return { ...under, store: new EmbeddedRateLimitStore(under.storage) };
  },
});

rateLimitStoreContract({
  ...runner,
  name: 'Redis',
  create: async () => {
    const under = await redisUnderTest();
    return { ...under, store: new RedisRateLimitStore(under.storage) };
  },
});

rateLimitStoreContract({
  ...runner,
  name: 'The store in memory',
  create: () => {
    const clock = new ManualClock();
    return {
      store: new MemoryRateLimitStore(clock),
      advance: (milliseconds) => clock.advance(milliseconds),
      close: () => undefined,
    };
  },
});

import { EmbeddedRateLimitStore } from '../../libs/sms/src/rate-limit/embedded.store.js';
import { RedisRateLimitStore } from '../../libs/sms/src/rate-limit/redis.store.js';
import { embeddedUnderTest, redisUnderTest } from '../support/stores.js';
import { describeRateLimitStore } from './rate-limit.store.contract.js';

describeRateLimitStore('The embedded store', async () => {
  const under = await embeddedUnderTest();
  return { under, store: new EmbeddedRateLimitStore(under.storage) };
});

describeRateLimitStore('Redis', async () => {
  const under = await redisUnderTest();
  return { under, store: new RedisRateLimitStore(under.storage) };
});

import { EmbeddedRateLimitStore } from '../../libs/sms/src/rate-limit/embedded.store.js';
import { RedisRateLimitStore } from '../../libs/sms/src/rate-limit/redis.store.js';
import { embeddedUnderTest, redisUnderTest } from '../support/stores.js';
import { describeQuotas } from './quota.contract.js';
import { describeRateLimitStore } from './rate-limit.store.contract.js';

for (const describeStore of [describeRateLimitStore, describeQuotas]) {
  describeStore('The embedded store', async () => {
    const under = await embeddedUnderTest();
    return { under, store: new EmbeddedRateLimitStore(under.storage) };
  });

  describeStore('Redis', async () => {
    const under = await redisUnderTest();
    return { under, store: new RedisRateLimitStore(under.storage) };
  });
}

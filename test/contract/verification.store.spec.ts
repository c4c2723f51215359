import { EmbeddedVerificationStore } from '../../apps/api/src/verification/embedded-verification.store.js';
import { RedisVerificationStore } from '../../apps/api/src/verification/redis-verification.store.js';
import { embeddedUnderTest, redisUnderTest } from '../support/stores.js';
import { describeVerificationStore } from './verification.store.contract.js';

describeVerificationStore('The embedded store', async () => {
  const under = await embeddedUnderTest();
  return { under, store: new EmbeddedVerificationStore(under.storage) };
});

describeVerificationStore('Redis', async () => {
  const under = await redisUnderTest();
  return { under, store: new RedisVerificationStore(under.storage) };
});

import { EmbeddedIdempotencyStore } from '../../apps/api/src/idempotency/embedded-idempotency.store.js';
import { RedisIdempotencyStore } from '../../apps/api/src/idempotency/redis-idempotency.store.js';
import { embeddedUnderTest, redisUnderTest } from '../support/stores.js';
import { describeIdempotencyStore } from './idempotency.store.contract.js';

describeIdempotencyStore('The embedded store', async () => {
  const under = await embeddedUnderTest();
  return { under, store: new EmbeddedIdempotencyStore(under.storage) };
});

describeIdempotencyStore('Redis', async () => {
  const under = await redisUnderTest();
  return { under, store: new RedisIdempotencyStore(under.storage) };
});

import { afterAll, beforeAll } from '@jest/globals';
import { RedisCluster } from '../support/redis-cluster.js';
import { describeRedisStores } from './redis.stores.contract.js';
import { describeForgottenScripts } from './scripts.contract.js';

let cluster: RedisCluster;
beforeAll(async () => void (cluster = await RedisCluster.start()));
afterAll(() => cluster.stop());

// A script that touched two slots would fail here.
describeRedisStores('A Redis Cluster', () => cluster.url);

describeForgottenScripts(
  'A Redis Cluster',
  () => cluster.url,
  () => cluster.clients,
);

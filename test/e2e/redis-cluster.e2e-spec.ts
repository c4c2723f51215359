import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { RateLimitStore, Secret } from '@app/sms';
import { PhoneRecord, RedisStorage, SmsStorage } from '@app/sms/internals';
import { TwilioSimulator } from '@app/twilio-simulator';
import { VerificationId } from '../../apps/api/src/verification/verification-id.js';
import { VerificationStore } from '../../apps/api/src/verification/verification.store.js';
import { startApi, type RunningApi } from '../support/api.js';
import { captureLog } from '../support/log.js';
import { RedisCluster } from '../support/redis-cluster.js';
import type { RedisServer } from '../support/redis-server.js';
import { sealedCode } from '../support/sealed-code.js';
import { newId, newPhone, TEST_SECRET } from '../support/stores.js';
import { until } from '../support/until.js';

const API_KEY = 'an-api-key-of-the-tests-with-at-least-32-bytes';

let simulator: TwilioSimulator;
let cluster: RedisCluster;
const apis: RunningApi[] = [];
beforeAll(async () => {
  simulator = await TwilioSimulator.start();
  cluster = await RedisCluster.start({ settings: ['--appendonly', 'yes'] });
});
afterEach(async () => {
  for (const api of apis.splice(0)) await api.close();
});
afterAll(async () => {
  await cluster.stop();
  await simulator.close();
});

async function start(overrides: Record<string, string> = {}): Promise<RunningApi> {
  const api = await startApi(simulator, 'redis', { REDIS_URL: cluster.url, ...overrides });
  apis.push(api);
  return api;
}

/** A phone whose allowance is kept on a node. */
async function phoneOn(node: number, api: RunningApi): Promise<string> {
  const dataKey = await api.app.get<SmsStorage>(SmsStorage).dataKey();
  for (;;) {
    const phone = newPhone();
    if ((await cluster.ownerOf(PhoneRecord.keyOf(dataKey.tag(phone)))) === node) return phone;
  }
}

describe('A send on a Redis Cluster', () => {
  it('that one limit refuses gives back what it took of the others, wherever they are kept', async () => {
    const [one, two, three, four] = Array.from({ length: 4 }, newPhone);
    const total = { SERVER_SMS_MAX_SENDS_TOTAL: '3' };
    const fewPerSource = await start({ ...total, SERVER_SMS_MAX_SENDS_PER_SOURCE: '2' });
    await fewPerSource.send(one).expect(201);
    const byPhone = await fewPerSource.send(one).expect(429);
    expect(byPhone.body.code).toBe('SMS_SEND_TOO_FREQUENTLY');
    await fewPerSource.send(two).expect(201); // the second of the source: the refusal took none
    const bySource = await fewPerSource.send(three).expect(429);
    expect(bySource.body.code).toBe('SMS_SEND_TOO_FREQUENTLY');
    expect(bySource.body.retryAfterSeconds).toBeGreaterThan(600);

    const manyPerSource = await start(total);
    await manyPerSource.send(three).expect(201); // the third of the total: neither refusal took one, nor of this phone
    const byTotal = await manyPerSource.send(four).expect(429);
    expect(byTotal.body.code).toBe('TODAY_SMS_LIMIT_REACHED');

    const withoutTotal = await start({ SERVER_SMS_MAX_SENDS_PER_SOURCE: '4' });
    await withoutTotal.send(four).expect(201); // the fourth of the source
    await withoutTotal.send(newPhone()).expect(429);
  });
});

describe('A node of a Redis Cluster that is lost', () => {
  type Act = (lost: RedisServer) => Promise<void> | void;
  it.each<[string, number, Act, Act]>([
    ['dies', 0, (lost) => lost.kill(), (lost) => lost.startAgain()],
    ['hangs', 2, (lost) => lost.freeze(), (lost) => lost.thaw()],
  ])(
    'as it %s: its phones get no code, all others do, until it is back',
    async (_, node, lose, bringBack) => {
      const api = await start({ SERVER_API_KEY: API_KEY }); // so that there are no limits of sources, on other nodes
      const send = (phone: string) => api.send(phone).set('authorization', `Bearer ${API_KEY}`);
      const [phone, elsewhere, next] = await Promise.all([node, 1, node].map((at) => phoneOn(at, api)));
      await send(await phoneOn(node, api)).expect(201);
      await lose(cluster.servers[node]);
      const asked = simulator.requests.length;
      const refused = await send(phone).expect(503);
      expect(refused.body.code).toBe('STORE_UNAVAILABLE');
      expect(simulator.requests.length).toBe(asked);
      await send(elsewhere).expect(201);

      await bringBack(cluster.servers[node]);
      await until('a message is sent again', async () => (await send(next)).status === 201);
    },
  );

  it('before the service starts does not stop it, although its address stands first', async () => {
    const keyOwner = await cluster.ownerOf('sms:data-key');
    const lost = cluster.servers[(keyOwner + 1) % 3];
    await lost.kill();
    try {
      const others = cluster.servers.filter((server) => server !== lost);
      const urls = [lost, ...others].map(({ url }) => url);
      const api = await start({ REDIS_URL: urls.join(','), SERVER_API_KEY: API_KEY });
      const phone = await phoneOn(keyOwner, api);
      await api.send(phone).set('authorization', `Bearer ${API_KEY}`).expect(201);
    } finally {
      await lost.startAgain();
      await cluster.untilServing();
    }
  });
});

describe('No call fails', () => {
  const limit = { units: 1_000, windowMs: 60_000, cooldownMs: 0, sendMs: 1_000, returns: 1 };
  const openLimits = { ttlMs: 600_000, maxWrongGuesses: 20, sendMs: 1_000 };
  let limits: RateLimitStore;
  let verifications: VerificationStore;
  let phone: string;
  let tag: string;
  const startStores = async (): Promise<void> => {
    const api = await start();
    limits = api.app.get<RateLimitStore>(RateLimitStore);
    verifications = api.app.get<VerificationStore>(VerificationStore);
    phone = newPhone();
    tag = (await api.app.get<SmsStorage>(SmsStorage).dataKey()).tag(phone);
  };
  /** Calls about one phone, beside calls about others. */
  const useAtOnce = (): Promise<unknown[]> =>
    Promise.all([
      limits.reserve(phone, limit, newId()),
      verifications.open(VerificationId.create(tag), sealedCode(), openLimits),
      ...Array.from({ length: 20 }, () => limits.reserve(newPhone(), limit, newId())),
    ]);

  it('while a slot that they use moves from node to node', async () => {
    await startStores();
    const home = await cluster.ownerOf(PhoneRecord.keyOf(tag));
    await useAtOnce();
    let moving = true;
    const using = (async () => {
      for (; moving; await sleep(2)) await useAtOnce();
    })();
    try {
      for (const [from, to] of [
        [0, 1],
        [1, 2],
        [2, 0],
      ]) {
        const halfway = () => limits.reserve(phone, limit, newId());
        await cluster.move(PhoneRecord.keyOf(tag), (home + from) % 3, (home + to) % 3, halfway);
        await useAtOnce();
      }
    } finally {
      moving = false;
    }
    await using;
  });

  it('when the connections to a node break', async () => {
    await startStores();
    for (const node of cluster.clients) {
      await node.call('CLIENT', 'KILL', 'TYPE', 'normal');
      await useAtOnce();
    }
  });
});

describe('The set-up of a Redis Cluster', () => {
  afterEach(() => Logger.overrideLogger(false));

  it.each([0, 1, 2])('is asked of every node, also of node %i', async (node) => {
    const log = captureLog();
    await cluster.clients[node].config('SET', 'maxmemory-policy', 'allkeys-lru');
    const storage = new RedisStorage(new Secret(cluster.url), [new Secret(TEST_SECRET)]);
    try {
      await storage.open();
      expect(log.map(({ event, weakness }) => [event, weakness])).toEqual([
        ['store.weak_set_up', expect.stringContaining('maxmemory-policy allkeys-lru')],
      ]);
    } finally {
      await cluster.clients[node].config('SET', 'maxmemory-policy', 'noeviction');
      await storage.close();
    }
  });
});

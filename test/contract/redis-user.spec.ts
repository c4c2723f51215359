import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { TwilioSimulator } from '@app/twilio-simulator';
import { codeFor, startApi, wrongCode } from '../support/api.js';
import { RedisServer } from '../support/redis-server.js';
import { userOfReadme } from '../support/redis-user.js';
import { newPhone } from '../support/stores.js';
import { describeRedisStores } from './redis.stores.contract.js';

const user = userOfReadme();
let server: RedisServer;
let admin: Redis;
beforeAll(async () => {
  server = await RedisServer.start();
  admin = new Redis(server.url);
  await admin.call('ACL', 'SETUSER', user.name, ...user.rules);
});
afterAll(async () => {
  admin.disconnect();
  await server.stop();
});

const url = (): string => `redis://${user.name}:${user.password}@127.0.0.1:${server.port}`;

describeRedisStores("Redis, to the README's user,", url);

describe("The README's user of Redis", () => {
  it.each([
    ['as it is', undefined],
    ['without the right to INFO', '-info'],
  ])('is enough for the API (%s), and the API asks for nothing else', async (_, change) => {
    if (change) await admin.call('ACL', 'SETUSER', user.name, change);
    await admin.call('ACL', 'LOG', 'RESET');
    const simulator = await TwilioSimulator.start();
    const api = await startApi(simulator, 'redis', { REDIS_URL: url() });
    try {
      const phone = newPhone();
      const { id } = (await api.send(phone).expect(201)).body;
      await api.check(id, wrongCode(codeFor(simulator, phone))).expect(422);
      await api.check(id, codeFor(simulator, phone)).expect(200);
      await api.http().get('/readyz').expect(200);
      await api.http().get(`/v1/verifications/${id}`).expect(200);
    } finally {
      await api.close();
      await simulator.close();
    }
    const log = (await admin.call('ACL', 'LOG')) as string[][];
    const refused = log.map((entry) => entry[entry.indexOf('object') + 1]);
    expect(new Set(refused)).toEqual(new Set(change ? ['info'] : []));
  });

  it('may touch no other key, and run no command of an administrator', async () => {
    const client = new Redis(url(), { enableReadyCheck: false });
    client.on('error', () => undefined);
    for (const [command, ...args] of [
      ['GET', 'other'],
      ['EVAL', "return redis.call('GET', 'other')", '0'],
      ['KEYS', '*'],
      ['FLUSHALL'],
      ['CONFIG', 'GET', '*'],
      ['PUBLISH', 'sms:channel', 'text'],
    ]) {
      await expect(client.call(command, ...args)).rejects.toThrow(/NOPERM|can't access/);
    }
    client.disconnect();
  });
});

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { TwilioSimulator } from '@app/twilio-simulator';
import { codeFor, startApi, type RunningApi } from '../support/api.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { RedisServer } from '../support/redis-server.js';
import { newPhone } from '../support/stores.js';
import { until } from '../support/until.js';

let simulator: TwilioSimulator;
let primary: RedisServer;
let replica: RedisServer;
/** The name that the service knows: it leads to the primary of the day. */
let name: TcpProxy & { url: string };
let api: RunningApi;

beforeAll(async () => {
  simulator = await TwilioSimulator.start();
});
afterAll(() => simulator.close());
beforeEach(async () => {
  primary = await RedisServer.start(['--repl-diskless-sync-delay', '0']);
  replica = await RedisServer.start(['--replicaof', '127.0.0.1', `${primary.port}`]);
  await on(replica, async (client) => {
    await until('it follows', async () =>
      (await client.info('replication')).includes('master_link_status:up'),
    );
  });
  name = await TcpProxy.start(primary.url);
  api = await startApi(simulator, 'redis', { REDIS_URL: name.url });
});
afterEach(async () => {
  await api.close();
  await name.close();
  await Promise.all([primary.stop(), replica.stop()]);
});

async function on<T>(server: RedisServer, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(server.url);
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}

const promote = (): Promise<unknown> => on(replica, (client) => client.replicaof('NO', 'ONE'));
const demote = (): Promise<unknown> =>
  on(primary, (client) => client.replicaof('127.0.0.1', `${replica.port}`));

async function expectRefused(): Promise<void> {
  const asked = simulator.requests.length;
  const { status, body } = await api.send(newPhone());
  expect({ status, code: body.code }).toEqual({ status: 503, code: 'STORE_UNAVAILABLE' });
  expect(simulator.requests.length).toBe(asked);
}

/** @returns statuses on the way, without the last */
async function untilSent(): Promise<number[]> {
  for (const statuses: number[] = []; ; await sleep(50)) {
    const { status } = await api.send(newPhone());
    if (status === 201) return statuses;
    statuses.push(status);
  }
}

describe('A failover of Redis', () => {
  it('to another machine: nothing is sent while the old one is read-only, and then all goes on by itself', async () => {
    const phone = newPhone();
    const { id } = (await api.send(phone).expect(201)).body;
    await on(primary, (client) => client.wait(1, 1_000)); // the replica has it
    await promote();
    await demote();
    for (let send = 0; send < 3; send += 1) await expectRefused();
    expect((await api.http().get('/readyz')).status).toBe(503);

    name.switchTo(replica.url);
    expect(new Set(await untilSent())).toEqual(new Set([503]));
    await api.send(phone).expect(429); // the limits are those that were counted before
    await api.check(id, codeFor(simulator, phone)).expect(200);
    await api.http().get('/readyz').expect(200);
  });

  it('and back, with the same machine as primary', async () => {
    await promote();
    await demote();
    await expectRefused();
    await on(primary, (client) => client.replicaof('NO', 'ONE'));
    await untilSent();
  });

  it('that leaves connections open and silent, is found out, and a new connection made', async () => {
    await promote();
    name.silenceConnections();
    name.switchTo(replica.url);
    await expectRefused();
    expect(new Set(await untilSent())).toEqual(new Set([503]));
  });
});

import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import { captureLog, type LogEvent } from '../../../../test/support/log.js';
import { RedisServer } from '../../../../test/support/redis-server.js';
import { Secret } from '../secret.js';
import { RedisStorage } from './redis.storage.js';

const SECRET = new Secret('the-secret-of-this-spec-has-at-least-32-bytes');

let log: LogEvent[];
let server: RedisServer;
let storage: RedisStorage;
beforeEach(() => void (log = captureLog()));
afterEach(async () => {
  await storage.close();
  await server.stop();
  Logger.overrideLogger(false);
});

async function open(settings: string[], user = ''): Promise<void> {
  server = await RedisServer.start(settings);
  storage = new RedisStorage(new Secret(server.url.replace('//', `//${user}`)), [SECRET]);
  await storage.open();
}

const eventsOf = (prefix: string): (string | undefined)[] =>
  log.map(({ event }) => event).filter((event) => event?.startsWith(prefix));

/** Until the service says that it has found Redis again. */
async function untilFound(): Promise<void> {
  while (eventsOf('store.found').length === 0) {
    await storage.check().catch(() => undefined);
    await sleep(20);
  }
}

async function restart(): Promise<void> {
  await server.kill();
  await storage.check().catch(() => undefined);
  await server.startAgain();
  await untilFound();
}

describe('A Redis that is started again', () => {
  it('without what it held is told by name', async () => {
    await open(['--appendonly', 'no']);
    await restart();
    expect(log).toContainEqual(
      expect.objectContaining({
        level: 'error',
        event: 'store.restarted_empty',
        node: `127.0.0.1:${server.port}`,
      }),
    );
    expect(eventsOf('store.emptied')).toHaveLength(1);
  });

  it('with what it held is found again, and that is all', async () => {
    await open(['--appendonly', 'yes', '--appendfsync', 'always']);
    await restart();
    expect(eventsOf('store.')).toEqual(['store.lost', 'store.found']);
  });
});

describe('A Redis that is emptied while it runs', () => {
  it('is told once, and not as one that was started again', async () => {
    await open(['--appendonly', 'yes']);
    const admin = new Redis(server.url);
    await admin.flushall();
    admin.disconnect();
    await storage.check();
    await storage.check();
    expect(eventsOf('store.')).toEqual(['store.emptied']);
  });

  it('is told also when another process was faster to write there', async () => {
    await open(['--appendonly', 'yes']);
    const admin = new Redis(server.url);
    await admin.flushall();
    const other = new RedisStorage(new Secret(server.url), [SECRET]);
    await other.open();
    await storage.check();
    expect(eventsOf('store.')).toEqual(['store.emptied']);
    admin.disconnect();
    await other.close();
  });
});

describe('The set-up of Redis', () => {
  it('is complained of once, however often the connection is renewed', async () => {
    await open(['--maxmemory-policy', 'allkeys-lru']);
    for (let renewal = 0; renewal < 3; renewal += 1) {
      storage.client.disconnect(true);
      await once(storage.client, 'ready');
      await storage.check();
    }
    const weaknesses = log.filter(({ event }) => event === 'store.weak_set_up');
    expect(weaknesses.map(({ level, weakness }) => [level, weakness])).toEqual([
      ['warn', expect.stringContaining('maxmemory-policy allkeys-lru')],
      ['warn', expect.stringContaining('appendonly yes')],
    ]);
  });

  it('is complained of when Redis comes up after the service', async () => {
    await open(['--appendonly', 'no']);
    await storage.close();
    await server.kill();
    log.length = 0;
    storage = new RedisStorage(new Secret(server.url), [SECRET]);
    await storage.open();
    expect(eventsOf('store.')).toEqual(['store.lost']);
    await server.startAgain();
    await untilFound();
    expect(eventsOf('store.weak_set_up')).toHaveLength(1);
  });

  it('of one node that is used as if it were a whole cluster is complained of', async () => {
    await open(['--cluster-enabled', 'yes', '--appendonly', 'yes']);
    expect(log).toContainEqual(
      expect.objectContaining({ level: 'warn', weakness: expect.stringContaining('node of a cluster') }),
    );
  });

  it('cannot be checked by a user who may not ask, and the service works all the same', async () => {
    const user = 'user sms on >secret ~sms:* -@all +set +get';
    await open(
      ['--appendonly', 'no', ...user.split(' ').map((word, at) => (at === 0 ? '--user' : word))],
      'sms:secret@',
    );
    await storage.check();
    expect(log).toEqual([
      expect.objectContaining({ level: 'warn', event: 'store.set_up_not_checked', fault: 'NOPERM' }),
    ]);
  });
});

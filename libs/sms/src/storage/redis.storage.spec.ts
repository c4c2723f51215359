import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { TcpProxy } from '../../../../test/support/tcp-proxy.js';
import { newPhone, redisUrl } from '../../../../test/support/stores.js';
import { RedisRateLimitStore } from '../rate-limit/redis.store.js';
import { Secret } from '../secret.js';
import { StoreUnavailableError } from '../sms.errors.js';
import { WrongSecretError } from './data-key.js';
import { RedisStorage } from './redis.storage.js';

const SECRET = new Secret('the-secret-of-this-spec-has-at-least-32-bytes');
const OTHER_SECRET = new Secret('the-other-secret-of-this-spec-has-32-bytes');
const PHONE = newPhone();
const ONCE_A_DAY = { units: 1, windowMs: 86_400_000, cooldownMs: 60_000, sendMs: 10_000, returns: 3 };
/** Far more than an answer may take, and far less than a Redis that is waited for. */
const GENEROUS_MS = 8_000;

/** A database of its own, since the data key in it has another secret. */
function ownDatabase(): string {
  const url = new URL(redisUrl());
  url.pathname = '/5';
  return url.toString();
}

const opened: RedisStorage[] = [];
const proxies: TcpProxy[] = [];
const servers: { server: Server; sockets: Socket[] }[] = [];

beforeEach(async () => {
  Logger.overrideLogger(false);
  const storage = make(ownDatabase());
  await storage.client.connect();
  await empty(storage);
});
afterEach(async () => {
  for (const storage of opened.splice(0)) await storage.close();
  for (const proxy of proxies.splice(0)) await proxy.close();
  for (const { server, sockets } of servers.splice(0)) {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  }
});

/** Removes what this library keeps, and nothing else that somebody's Redis may hold. */
async function empty({ client }: RedisStorage): Promise<void> {
  const keys = await client.keys('sms:*');
  if (keys.length > 0) await client.del(keys);
}

function make(url: string, secrets: readonly Secret[] = [SECRET]): RedisStorage {
  const storage = new RedisStorage(new Secret(url), secrets);
  opened.push(storage);
  return storage;
}

async function openStorage(secrets: readonly Secret[] = [SECRET]): Promise<RedisStorage> {
  const storage = make(ownDatabase(), secrets);
  await storage.open();
  return storage;
}

/** What is between it and Redis can be cut, slow or silent. */
async function openBehindProxy(): Promise<{ storage: RedisStorage; proxy: TcpProxy }> {
  const proxy = await TcpProxy.start(ownDatabase());
  proxies.push(proxy);
  const storage = make(proxy.url);
  await storage.open();
  return { storage, proxy };
}

async function reserve(storage: RedisStorage, id: string): Promise<boolean> {
  return (await new RedisRateLimitStore(storage).reserve(PHONE, ONCE_A_DAY, id)).granted;
}

/** Something that is not Redis on the other end. */
async function peer(onConnection: (socket: Socket) => void): Promise<string> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push({ server, sockets });
  return `redis://default:canary@127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('The data key in Redis', () => {
  it('is made once, whichever processes start on an empty Redis at once', async () => {
    const storages = await Promise.all(Array.from({ length: 5 }, () => openStorage()));
    const keys = await Promise.all(storages.map((storage) => storage.dataKey()));
    expect(new Set(keys.map((key) => key.tag(PHONE))).size).toBe(1);
  });

  it('does not open with another secret, which stops the start', async () => {
    await openStorage([SECRET]);
    await expect(openStorage([OTHER_SECRET])).rejects.toBeInstanceOf(WrongSecretError);
  });

  it('can be rotated by several processes at once, and no limit is lost', async () => {
    expect(await reserve(await openStorage([SECRET]), 'before')).toBe(true);
    const rotating = await Promise.all([0, 1, 2].map(() => openStorage([OTHER_SECRET, SECRET])));
    for (const storage of rotating) expect(await reserve(storage, 'during')).toBe(false);
    expect(await reserve(await openStorage([OTHER_SECRET]), 'after')).toBe(false);
    await expect(openStorage([SECRET])).rejects.toBeInstanceOf(WrongSecretError);
  });

  it('is kept wrapped: Redis holds no secret, no phone and no reservation id in the open', async () => {
    const storage = await openStorage();
    await reserve(storage, 'the id of a reservation');
    const keys = await storage.client.keys('sms:*');
    expect(keys.toSorted()).toEqual(
      ['sms:data-key', `sms:{${(await storage.dataKey()).tag(PHONE)}}`].toSorted(),
    );
    for (const key of keys) {
      const { client } = storage;
      const stored = key === 'sms:data-key' ? [await client.get(key)] : await client.hgetallBuffer(key);
      const value = Object.entries(stored)
        .map(([name, bytes]) => name + bytes!.toString('latin1'))
        .join();
      for (const text of [SECRET.reveal(), PHONE.slice(1), 'the id of a reservation']) {
        expect(key + value).not.toContain(text);
      }
    }
  });

  it('is put back into a Redis that was emptied, once the connection was renewed', async () => {
    const storage = await openStorage();
    expect(await reserve(storage, 'first')).toBe(true);
    await empty(storage);
    storage.client.disconnect(true);
    await once(storage.client, 'ready');
    expect(await reserve(storage, 'second')).toBe(true);
    expect(await reserve(await openStorage(), 'third')).toBe(false);
  });
});

describe('A Redis that is emptied while processes are connected', () => {
  it('gets the data key back that they count under, and a new process takes it over', async () => {
    const storage = await openStorage();
    const before = await storage.dataKey();
    await empty(storage);
    await storage.check();
    expect((await storage.dataKey()).tag(PHONE)).toBe(before.tag(PHONE));
    expect((await (await openStorage()).dataKey()).tag(PHONE)).toBe(before.tag(PHONE));
  });

  it('leaves no two processes that count the same phone apart, once they have looked', async () => {
    const [running, other] = [await openStorage(), await openStorage()];
    await empty(running);
    const started = await openStorage(); // makes a data key of its own
    await running.check();
    await other.check();
    const tags = await Promise.all(
      [running, other, started].map(async (each) => (await each.dataKey()).tag(PHONE)),
    );
    expect(new Set(tags).size).toBe(1);
  });
});

describe('A Redis that cannot be used', () => {
  it.each<[string, () => Promise<string>]>([
    ['refuses connections', async () => 'redis://default:canary@127.0.0.1:1'],
    ['never answers', () => peer(() => undefined)],
    ['closes every connection', () => peer((socket) => socket.destroy())],
    ['speaks another protocol', () => peer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))],
    [
      'refuses every command',
      () => peer((socket) => socket.on('data', () => socket.write('-NOAUTH canary\r\n'))),
    ],
  ])('that %s does not hold up the start, and answers STORE_UNAVAILABLE', async (_, where) => {
    const storage = make(await where());
    const startedAt = performance.now();
    await storage.open();
    for (const use of [
      () => storage.check(),
      () => storage.dataKey(),
      () => reserve(storage, 'first'),
      () => storage.run((client) => client.get(`canary ${PHONE}`)),
    ]) {
      const error: unknown = await use().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(StoreUnavailableError);
      expect((error as StoreUnavailableError).fault).toMatch(/^\w+$/);
      const printed = inspect(error, { depth: 20, showHidden: true }) + JSON.stringify(error);
      expect(printed).not.toMatch(/canary|\+\d{6}/);
    }
    expect(performance.now() - startedAt).toBeLessThan(GENEROUS_MS);
  });

  it('gets no command later that was answered STORE_UNAVAILABLE', async () => {
    const { storage, proxy } = await openBehindProxy();
    proxy.refuse();
    await once(storage.client, 'close');
    const late = storage.run((client) => client.set('late', '1'));
    await expect(late).rejects.toBeInstanceOf(StoreUnavailableError);
    proxy.recover();
    await once(storage.client, 'ready');
    expect(await storage.run((client) => client.get('late'))).toBeNull();
  });

  it('gets commands of one turn together, and those that come before the answer together after it', async () => {
    const { storage, proxy } = await openBehindProxy();
    const get = () => storage.run((client) => client.get('anything'));
    await get();
    proxy.delayAnswers(50);
    const before = proxy.writes;
    const asked = [get(), get(), get()];
    for (let turn = 0; turn < 10; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      asked.push(get());
    }
    expect(await Promise.all(asked)).toEqual(Array(13).fill(null));
    expect(proxy.writes - before).toBe(2);
  });

  it('gets no command later that waited behind one without an answer', async () => {
    const { storage, proxy } = await openBehindProxy();
    const closed = new Promise((resolve) => storage.client.once('close', resolve));
    proxy.swallowAnswers();
    const unanswered = storage.run((client) => client.get('first'));
    await new Promise((resolve) => setTimeout(resolve, 50)); // it is on its way
    const late = storage.run((client) => client.set('late', '1'));
    for (const command of [unanswered, late]) {
      await expect(command).rejects.toMatchObject({ fault: 'timeout' });
    }
    await closed;
    proxy.recover();
    await once(storage.client, 'ready');
    expect(await storage.run((client) => client.get('late'))).toBeNull();
  });

  it('gets nothing that waited when the other side closed the connection', async () => {
    const { storage, proxy } = await openBehindProxy();
    proxy.swallowAnswers();
    const unanswered = storage.run((client) => client.get('anything'));
    await new Promise((resolve) => setTimeout(resolve, 20)); // it is on its way
    const late = storage.run((client) => client.set('late', '1'));
    proxy.endConnections();
    for (const command of [unanswered, late]) {
      await expect(command).rejects.toBeInstanceOf(StoreUnavailableError);
    }
    const other = await openStorage();
    expect(await other.run((client) => client.get('late'))).toBeNull();
  });

  it('gets nothing that waited when the connection was given up', async () => {
    const { storage, proxy } = await openBehindProxy();
    proxy.delayAnswers(100);
    const asked = storage.run((client) => client.get('anything'));
    await new Promise((resolve) => setTimeout(resolve, 20)); // it is on its way
    const late = storage.run((client) => client.set('late', '1'));
    storage.client.disconnect();
    await expect(late).rejects.toBeInstanceOf(StoreUnavailableError);
    await asked.catch(() => undefined);
    const other = await openStorage();
    expect(await other.run((client) => client.get('late'))).toBeNull();
  });

  it('says in one word what Redis reported, and not the text of it', async () => {
    const storage = await openStorage();
    await storage.client.set('text', 'canary');
    const failing = storage.run((client) => client.lpush('text', 'canary'));
    await expect(failing).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', fault: 'WRONGTYPE' });
  });
});

describe('A connection to Redis', () => {
  it('does not print its password', async () => {
    const url = new URL(ownDatabase());
    url.username = 'default';
    url.password = 'canary-redis-password';
    const single = make(url.toString());
    const cluster = make(`${url.toString()},${url.toString()}`);
    for (const storage of [single, cluster]) {
      expect(inspect(storage, { depth: 20, showHidden: true })).not.toContain('canary');
      expect(JSON.stringify(storage)).not.toContain('canary');
    }
  });

  it('can be closed twice, and before it was opened', async () => {
    const never = make(ownDatabase());
    await never.close();
    const storage = await openStorage();
    await storage.close();
    await storage.close();
    await expect(storage.check()).rejects.toBeInstanceOf(StoreUnavailableError);
  });
});

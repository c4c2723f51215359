import { randomBytes, randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { Secret } from '@app/sms';
import { EmbeddedStorage, RedisStorage, type SmsStorage } from '@app/sms/internals';

/** The Redis that the test run started, or was given. */
export function redisUrl(): string {
  const url = process.env.TEST_REDIS_URL;
  if (!url) throw new Error('TEST_REDIS_URL is not set: run the tests with npm test');
  return url;
}

/** One secret for all tests of a run, since they share one Redis. */
export const TEST_SECRET = 'the-secret-of-the-tests-has-at-least-32-bytes';

/** A mobile number that no other test uses: one of a thousand million. */
export function newPhone(): string {
  return `+8613${randomInt(1_000_000_000).toString().padStart(9, '0')}`;
}

export interface StorageUnderTest<Storage extends SmsStorage = SmsStorage> {
  readonly storage: Storage;
  /** The time of the store, in milliseconds, and a way to let it pass. */
  now(): Promise<number>;
  advance(milliseconds: number): Promise<void>;
  close(): Promise<void>;
}

/** The embedded store in a folder of its own, with a clock to advance. */
export async function embeddedUnderTest(
  folder?: string,
): Promise<StorageUnderTest<EmbeddedStorage> & { folder: string }> {
  const path = folder ?? (await temporaryFolder());
  let wallMs = Date.now();
  const storage = new EmbeddedStorage(path, [new Secret(TEST_SECRET)], () => wallMs);
  await storage.open();
  return {
    storage,
    folder: path,
    now: async () => wallMs,
    advance: async (milliseconds) => void (wallMs += milliseconds),
    close: async () => {
      await storage.close();
      if (!folder) await rm(path, { recursive: true });
    },
  };
}

export async function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'phone-verification-'));
}

/** A real Redis, or a cluster. Its scripts read a clock that the test can advance, in place of the time of Redis. */
export async function redisUnderTest(url = redisUrl()): Promise<StorageUnderTest<RedisStorage>> {
  let nowMs = Date.now();
  const storage = new RedisStorage(new Secret(url), [new Secret(TEST_SECRET)]);
  const { client } = storage;
  const define = client.defineCommand.bind(client);
  client.defineCommand = (name, { lua, ...definition }) => {
    define(name, { ...definition, lua: withClock(lua) });
    const commands = client as unknown as Record<string, (...args: unknown[]) => unknown>;
    for (const form of [name, `${name}Buffer`]) {
      const command = commands[form];
      commands[form] = function (...args) {
        return command.apply(this, [...args, nowMs]);
      };
    }
  };
  await storage.open();
  return {
    storage,
    now: async () => nowMs,
    advance: async (milliseconds) => void (nowMs += milliseconds),
    close: () => storage.close(),
  };
}

/** A script that is told the time: its last argument, in milliseconds. */
export function withClock(lua: string): string {
  const clock =
    '(function() local ms = tonumber(ARGV[#ARGV]) return { math.floor(ms / 1000), ms % 1000 * 1000 } end)()';
  return lua.replaceAll("redis.call('TIME')", clock);
}

export function script(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}

export function newId(): string {
  return randomBytes(16).toString('base64url');
}

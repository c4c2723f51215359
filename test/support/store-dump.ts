import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { open } from 'lmdb';

const READ_ALL: Record<string, (key: Buffer) => [string, ...(Buffer | string)[]]> = {
  string: (key) => ['GET', key],
  hash: (key) => ['HGETALL', key],
  list: (key) => ['LRANGE', key, '0', '-1'],
  set: (key) => ['SMEMBERS', key],
  zset: (key) => ['ZRANGE', key, '0', '-1', 'WITHSCORES'],
};

/** All keys and values, read by type: the form in which DUMP gives them hides numbers. */
export async function dumpOfRedis(redis: Redis): Promise<Buffer> {
  const dump: Buffer[] = [];
  for await (const keys of redis.scanBufferStream({ count: 1_000 })) {
    for (const key of keys as Buffer[]) {
      const command = READ_ALL[await redis.type(key)](key);
      const value = await redis.callBuffer(...command);
      dump.push(key, ...([value].flat(2) as Buffer[]), Buffer.from('\n'));
    }
  }
  return Buffer.concat(dump);
}

/** Every byte of every file in it, names too. */
export async function dumpOfFolder(folder: string): Promise<Buffer> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const parts = await Promise.all(files.map(async (path) => [Buffer.from(path), await readFile(path)]));
  return Buffer.concat(parts.flat());
}

/** Of every record except the data key, one bit is another one now. No process may have the store open. */
export async function damageRecords(folder: string): Promise<void> {
  const database = open<Buffer, string>({
    path: join(folder, 'limits.mdb'),
    noSubdir: true,
    encoding: 'binary',
  });
  const records = [...database.getRange()];
  for (const { key, value } of records) {
    if (key === 'data-key') continue;
    const damaged = Buffer.from(value);
    damaged[damaged.length - 1] ^= 1;
    await database.put(key, damaged);
  }
  await database.close();
}

/** Every key except the data key holds another type, or every field another value. */
export async function damageKeys(redis: Redis, how: 'type' | 'value'): Promise<void> {
  for (const key of await redis.keys('*')) {
    if (key === 'sms:data-key') continue;
    const type = await redis.type(key);
    if (how === 'type') {
      await redis.del(key);
      await redis.rpush(key, 'damaged');
    } else if (type === 'hash') {
      for (const field of await redis.hkeys(key)) await redis.hset(key, field, 'damaged');
    } else if (type === 'string') {
      await redis.set(key, 'damaged');
    }
  }
}

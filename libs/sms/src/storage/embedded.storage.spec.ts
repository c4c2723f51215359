import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { open as openDatabase } from 'lmdb';
import { temporaryFolder } from '../../../../test/support/stores.js';
import { EmbeddedRateLimitStore } from '../rate-limit/embedded.store.js';
import type { RateLimit } from '../rate-limit/rate-limit.store.js';
import { Secret } from '../secret.js';
import { StoreUnavailableError } from '../sms.errors.js';
import { WrongSecretError } from './data-key.js';
import { checkAllPages, DamagedStoreError } from './embedded-file.js';
import { DAMAGED, EmbeddedStorage } from './embedded.storage.js';

const SECRET = new Secret('the-secret-of-this-spec-has-at-least-32-bytes');
const OTHER_SECRET = new Secret('the-other-secret-of-this-spec-has-32-bytes');
const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;
const PHONE = '+12025550123';
const MARKER = Buffer.from('a value that is easy to find');
const ONCE_A_DAY: RateLimit = { units: 1, windowMs: DAY_MS, cooldownMs: 60_000, sendMs: 10_000, returns: 3 };

let home: string;
let folder: string;
let wallMs: number;
const opened: EmbeddedStorage[] = [];

beforeEach(async () => {
  Logger.overrideLogger(false);
  home = await temporaryFolder();
  folder = join(home, 'data');
  wallMs = Date.UTC(2026, 0, 1);
});
afterEach(async () => {
  for (const storage of opened.splice(0)) await storage.close();
  await rm(home, { recursive: true });
});

const dataFile = (): string => join(folder, 'limits.mdb');

async function openStorage(secrets: readonly Secret[] = [SECRET]): Promise<EmbeddedStorage> {
  const storage = new EmbeddedStorage(folder, secrets, () => wallMs);
  opened.push(storage);
  await storage.open();
  return storage;
}

async function reserve(storage: EmbeddedStorage, id: string, phone = PHONE): Promise<boolean> {
  return (await new EmbeddedRateLimitStore(storage).reserve(phone, ONCE_A_DAY, id)).granted;
}

const put = (storage: EmbeddedStorage, key: string, value: Buffer, lifeMs: number): Promise<void> =>
  storage.transact((transaction) => transaction.put(key, value, lifeMs));
const get = (storage: EmbeddedStorage, key: string): Promise<Buffer | undefined | typeof DAMAGED> =>
  storage.transact((transaction) => {
    const value = transaction.get(key);
    return value instanceof Uint8Array ? Buffer.from(value) : value;
  });

/** Changes one byte, wherever the file has these bytes: LMDB leaves former copies behind. */
async function flipByteIn(bytes: Buffer, offset: number): Promise<void> {
  const content = await readFile(dataFile());
  let found = 0;
  for (let at = content.indexOf(bytes); at >= 0; at = content.indexOf(bytes, at + 1)) {
    content[at + offset] ^= 0xff;
    found += 1;
  }
  expect(found).toBeGreaterThan(0);
  await writeFile(dataFile(), content);
}

describe('The embedded store', () => {
  it('keeps what was written when it is closed and opened again', async () => {
    const first = await openStorage();
    await put(first, 'key', MARKER, HOUR_MS);
    expect(await reserve(first, 'first')).toBe(true);
    await first.close();

    const second = await openStorage();
    expect(await get(second, 'key')).toEqual(MARKER);
    expect(await reserve(second, 'second')).toBe(false);
  });

  it('forgets a record when its time is over', async () => {
    const storage = await openStorage();
    await put(storage, 'key', MARKER, HOUR_MS);
    wallMs += HOUR_MS - 1;
    expect(await get(storage, 'key')).toEqual(MARKER);
    wallMs += 1;
    expect(await get(storage, 'key')).toBeUndefined();
  });

  it.each([0o000, 0o022, 0o077])('is readable by its owner only, with umask %o', async (umask) => {
    const before = process.umask(umask);
    try {
      await put(await openStorage(), 'key', MARKER, HOUR_MS);
      expect(process.umask()).toBe(umask);
    } finally {
      process.umask(before);
    }
    const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;
    expect(await modeOf(folder)).toBe(0o700);
    expect(await modeOf(dataFile())).toBe(0o600);
    expect(await modeOf(`${dataFile()}-lock`)).toBe(0o600);
  });

  it('holds no phone and no secret in its file', async () => {
    const storage = await openStorage();
    await reserve(storage, 'an id');
    await storage.close();
    const content = await readFile(dataFile());
    for (const text of [PHONE.slice(1), SECRET.reveal(), 'an id']) expect(content.includes(text)).toBe(false);
  });

  it('that is closed answers STORE_UNAVAILABLE, and can be closed twice', async () => {
    const storage = await openStorage();
    await storage.close();
    await expect(get(storage, 'key')).rejects.toBeInstanceOf(StoreUnavailableError);
    await storage.close();
  });

  it('says that it can count, and opens once however often it is asked to', async () => {
    const storage = await openStorage();
    await Promise.all([storage.open(), storage.open(), storage.check()]);
    await expect(storage.check()).resolves.toBeUndefined();
  });
});

describe('Two embedded stores of one process on one folder', () => {
  it('share what is counted, and neither waits for the other, also while they are opened and closed', async () => {
    for (let round = 0; round < 20; round += 1) {
      const one = await openStorage();
      const reserving = Array.from({ length: 20 }, (_, id) =>
        reserve(one, `one ${round} ${id}`, `+${round}`),
      );
      const other = await openStorage(); // while the first one writes
      reserving.push(
        ...Array.from({ length: 20 }, (_, id) => reserve(other, `other ${round} ${id}`, `+${round}`)),
      );
      expect((await Promise.all(reserving)).filter(Boolean)).toHaveLength(1);
      await one.close();
      await expect(reserve(one, 'late')).rejects.toThrow(StoreUnavailableError);
      expect(await reserve(other, 'late', `+${round}`)).toBe(false);
      await other.close();
    }
  });
});

describe('A process that ends while the embedded store writes', () => {
  const script = fileURLToPath(new URL('../../../../test/support/end-while-writing.mjs', import.meta.url));

  /** Of a process that hangs, SIGTERM is what ends it. */
  function endWhileWriting(how: string): { status: number | null; signal: string | null; stderr: string } {
    const args = [script, folder, SECRET.reveal(), how];
    const { status, signal, stderr } = spawnSync(process.execPath, args, { timeout: 15_000 });
    return { status, signal, stderr: stderr.toString() };
  }

  it('is killed when its step could not run any more, and others on its folder go on', async () => {
    expect(endWhileWriting('exit before the step')).toEqual({ status: null, signal: 'SIGKILL', stderr: '' });
    expect(await reserve(await openStorage(), 'after it')).toBe(true);
  });

  it('says first what error ends it', async () => {
    const { signal, stderr } = endWhileWriting('throw before the step');
    expect(signal).toBe('SIGKILL');
    expect(stderr).toContain('Error: nobody catches this');
    expect(await reserve(await openStorage(), 'after it')).toBe(true);
  });

  it('ends as it wanted to when nothing is left but to write', async () => {
    expect(endWhileWriting('exit after the step')).toEqual({ status: 7, signal: null, stderr: '' });
    expect(await reserve(await openStorage(), 'after it')).toBe(true);
  });
});

describe('The time of the embedded store', () => {
  it('does not open a limit when the clock is set back a day, nor after a restart', async () => {
    const storage = await openStorage();
    expect(await reserve(storage, 'first')).toBe(true);
    wallMs -= DAY_MS;
    expect(await reserve(storage, 'second')).toBe(false);
    await storage.close();
    wallMs -= DAY_MS;
    expect(await reserve(await openStorage(), 'third')).toBe(false);
  });

  it('goes on after that, so that the limit ends', async () => {
    const storage = await openStorage();
    await reserve(storage, 'first');
    wallMs -= 3 * DAY_MS;
    await storage.check(); // sees the new time, and writes it down
    wallMs += DAY_MS - 1;
    expect(await reserve(storage, 'second')).toBe(false);
    wallMs += 1;
    expect(await reserve(storage, 'third')).toBe(true);
  });
});

describe('The secret of the embedded store', () => {
  it('is asked for when the store is opened: another one does not open it', async () => {
    await (await openStorage()).close();
    await expect(openStorage([OTHER_SECRET])).rejects.toBeInstanceOf(WrongSecretError);
  });

  it('can be rotated, and no limit is lost', async () => {
    const before = await openStorage([SECRET]);
    await reserve(before, 'before');
    await before.close();

    const during = await openStorage([OTHER_SECRET, SECRET]);
    expect(await reserve(during, 'during')).toBe(false);
    await during.close();

    const after = await openStorage([OTHER_SECRET]);
    expect(await reserve(after, 'after')).toBe(false);
    await after.close();
    await expect(openStorage([SECRET])).rejects.toBeInstanceOf(WrongSecretError);
  });
});

describe('A damaged data file', () => {
  it('that was cut off anywhere is refused, unless it lost nothing but free pages', async () => {
    const storage = await openStorage();
    for (let count = 0; count < 200; count += 1) await put(storage, `key ${count}`, MARKER, HOUR_MS);
    await storage.close();
    const whole = join(home, 'whole.mdb');
    await copyFile(dataFile(), whole);
    const { size } = await stat(whole);
    expect(size).toBeGreaterThan(5 * 4096);

    let smallestAccepted = size;
    let largestRefused = 0;
    for (let bytes = size - 1; bytes > 0; bytes -= 61) {
      await truncate(dataFile(), bytes);
      const refusal: unknown = await checkAllPages(dataFile(), () => undefined, []).catch(
        (error: unknown) => error,
      );
      if (refusal === undefined) smallestAccepted = bytes;
      else expect(refusal).toBeInstanceOf(DamagedStoreError);
      if (refusal !== undefined) largestRefused = Math.max(largestRefused, bytes);
    }
    expect(largestRefused).toBeLessThan(smallestAccepted); // what is refused stays refused when more is lost
    expect(largestRefused).toBeGreaterThan(size / 2);
    for (const bytes of [largestRefused, 8192, 4096, 100, 1]) {
      await copyFile(whole, dataFile());
      await truncate(dataFile(), bytes);
      await expect(openStorage()).rejects.toBeInstanceOf(DamagedStoreError);
    }
    await copyFile(whole, dataFile());
    await truncate(dataFile(), smallestAccepted);
    const opened = await openStorage();
    for (let count = 0; count < 200; count += 1) expect(await get(opened, `key ${count}`)).toEqual(MARKER);
  });

  it.each([
    ['is empty', Buffer.alloc(0)],
    ['is text', Buffer.from('not a database\n'.repeat(1_000))],
    ['is all zeros', Buffer.alloc(100_000)],
  ])('that %s is refused', async (_, content) => {
    await mkdir(folder);
    await writeFile(dataFile(), content);
    await expect(openStorage()).rejects.toBeInstanceOf(DamagedStoreError);
    expect(await readFile(dataFile())).toEqual(content);
  });

  it('says what to do, and can be opened once it was mended', async () => {
    await (await openStorage()).close();
    const whole = await readFile(dataFile());
    const storage = new EmbeddedStorage(folder, [SECRET], () => wallMs);
    opened.push(storage);
    await truncate(dataFile(), whole.length - 1);
    await expect(storage.open()).rejects.toThrow(/limits\.mdb is damaged.*Restore it from a backup/);
    await writeFile(dataFile(), whole);
    await expect(storage.open()).resolves.toBeUndefined();
  });
});

describe('A damaged record', () => {
  it('is known as damaged, whichever of its bytes was changed', async () => {
    for (const offset of [0, 5, MARKER.length - 1, -1, -8, -16]) {
      const storage = await openStorage();
      await put(storage, 'key', MARKER, HOUR_MS);
      await put(storage, 'other', Buffer.from('other'), HOUR_MS);
      await storage.close();
      await flipByteIn(MARKER, offset);

      const reopened = await openStorage();
      expect(await get(reopened, 'key')).toBe(DAMAGED);
      expect(await get(reopened, 'other')).toEqual(Buffer.from('other'));
      await put(reopened, 'key', MARKER, HOUR_MS);
      expect(await get(reopened, 'key')).toEqual(MARKER);
      await reopened.close();
    }
  });

  it('is not taken for one that has expired', async () => {
    const storage = await openStorage();
    await put(storage, 'key', MARKER, HOUR_MS);
    await storage.close();
    await flipByteIn(MARKER, -8); // the first byte of the expiry: long ago
    const reopened = await openStorage();
    await reopened.purge();
    expect(await get(reopened, 'key')).toBe(DAMAGED);
  });

  it('of an allowance means: exhausted, for 24 hours', async () => {
    const storage = await openStorage();
    const record = `sms:${(await storage.dataKey()).tag(PHONE)}`;
    expect(await reserve(storage, 'first')).toBe(true);
    await storage.close();
    await flipByteIn(Buffer.from(record), record.length + 16);
    wallMs += DAY_MS - HOUR_MS; // the allowance itself would be free in an hour

    const damaged = await openStorage();
    const limits = new EmbeddedRateLimitStore(damaged);
    const refusal = { granted: false, rule: 'window', waitMs: DAY_MS };
    expect(await limits.reserve(PHONE, ONCE_A_DAY, 'second')).toEqual(refusal);
    expect(await reserve(damaged, 'another phone', '+12025550124')).toBe(true);
    wallMs += DAY_MS - 1;
    expect(await limits.reserve(PHONE, ONCE_A_DAY, 'third')).toEqual({ ...refusal, waitMs: 1 });
    wallMs += 1;
    expect(await reserve(damaged, 'fourth')).toBe(true);
  });

  it('of an allowance is not mended by settling what was reserved before', async () => {
    const storage = await openStorage();
    const record = `sms:${(await storage.dataKey()).tag(PHONE)}`;
    await reserve(storage, 'first');
    await storage.close();
    await flipByteIn(Buffer.from(record), record.length + 16);

    const damaged = await openStorage();
    const limits = new EmbeddedRateLimitStore(damaged);
    await limits.release(PHONE, 'first', 'unused');
    await limits.keep(PHONE, 'first');
    expect(await limits.holds(PHONE, 'first')).toBe(true); // nothing says that it was given back
    expect(await reserve(damaged, 'second')).toBe(false);
  });

  it('that holds the data key stops the start, and is not replaced by a new key', async () => {
    const storage = await openStorage();
    await reserve(storage, 'first');
    await storage.close();
    await flipByteIn(Buffer.from('data-key'), 'data-key'.length + 16);
    await expect(openStorage()).rejects.toBeInstanceOf(DamagedStoreError);
  });

  it.each([
    ['key', (record: string) => record.length - 1],
    ['checksum of the key', (record: string) => record.length + 4],
  ])('whose %s was changed stops the start: nobody would find it', async (_, offsetIn) => {
    const storage = await openStorage();
    const record = `sms:${(await storage.dataKey()).tag(PHONE)}`;
    await reserve(storage, 'first');
    await storage.close();
    await flipByteIn(Buffer.from(record), offsetIn(record));
    await expect(openStorage()).rejects.toThrow(DamagedStoreError);
  });

  it('whose key was that of the data key stops the start: no limit could be found without it', async () => {
    const storage = await openStorage();
    await reserve(storage, 'first');
    await storage.close();
    await flipByteIn(Buffer.from('data-key'), 7);
    await expect(openStorage()).rejects.toBeInstanceOf(DamagedStoreError);
  });
});

describe('Purging', () => {
  async function storedKeys(): Promise<string[]> {
    const database = openDatabase<Buffer, string>({ path: dataFile(), noSubdir: true, encoding: 'binary' });
    const keys = [...database.getKeys()];
    await database.close();
    return keys.filter((key) => /^\d/.test(key));
  }

  it('removes the records whose time is over, round after round, and no other', async () => {
    const storage = await openStorage();
    const write = (from: number, lifeMs: number): Promise<void> =>
      storage.transact((transaction) => {
        for (let count = from; count < from + 3_000; count += 1) transaction.put(`${count}`, MARKER, lifeMs);
      });
    await put(storage, 'zzz the last key stays', MARKER, DAY_MS);
    for (let round = 0; round < 3; round += 1) {
      await write(10_000, HOUR_MS);
      await write(20_000, DAY_MS);
      wallMs += HOUR_MS;
      for (let batch = 0; batch < 10; batch += 1) await storage.purge();
      const keys = await storage.transact(() => undefined).then(storedKeys);
      expect(keys.filter((key) => key.startsWith('1'))).toHaveLength(0);
      expect(keys.filter((key) => key.startsWith('2'))).toHaveLength(3_000);
    }
  });
});

describe('A data file that ends before its last page', () => {
  it('is sound when the pages that are missing were freed before they were written', async () => {
    const storage = new EmbeddedStorage(folder, [SECRET]);
    await storage.open();
    for (let count = 0; count < 20; count += 1)
      await put(storage, `kept ${count}`, Buffer.alloc(300, 1), HOUR_MS);
    for (let records = 100; !(await endsBeforeItsLastPage()); records += 7) {
      expect(records).toBeLessThan(600); // by then there is such a file
      await storage.transact((transaction) => {
        for (let key = 0; key < records; key += 1)
          transaction.put(`passing ${key}`, Buffer.alloc(400), HOUR_MS);
        for (let key = 0; key < records; key += 1) transaction.remove(`passing ${key}`);
      });
    }
    await storage.close();

    const reopened = new EmbeddedStorage(folder, [SECRET]);
    await reopened.open();
    for (let count = 0; count < 20; count += 1) {
      expect(await get(reopened, `kept ${count}`)).toEqual(Buffer.alloc(300, 1));
    }
    await reopened.close();
  });
});

async function endsBeforeItsLastPage(): Promise<boolean> {
  const file = await readFile(dataFile());
  const [first, second] = [0, 4096].map((page) => ({
    transaction: file.readBigUInt64LE(page + 152),
    lastPage: Number(file.readBigUInt64LE(page + 144)),
  }));
  const { lastPage } = first.transaction > second.transaction ? first : second;
  return file.length < (lastPage + 1) * 4096;
}

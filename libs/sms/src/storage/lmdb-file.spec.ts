import { writeFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { open, type RootDatabase } from 'lmdb';
import { temporaryFolder } from '../../../../test/support/stores.js';
import { checkAllPages, checkBeforeOpening, DamagedStoreError } from './embedded-file.js';

const PAGE_BYTES = 4_096;
/** In a meta page. */
const META_ROOT = 136;
const META_TRANSACTION = 152;
const META_BOOT = 160;

const PAGE_FLAGS = 18;
const LEAF = 2;
const DIRTY = 16;

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  path = join(folder, 'file.mdb');
});
afterEach(() => rm(folder, { recursive: true }));

/** What a store may do in a transaction: records that come, grow, shrink and go; some have pages of their own. */
const change = fc.record({
  key: fc.nat({ max: 400 }),
  bytes: fc.oneof(
    { weight: 8, arbitrary: fc.nat({ max: 400 }) },
    { weight: 1, arbitrary: fc.nat({ max: 20_000 }) },
    { weight: 4, arbitrary: fc.constant(undefined) },
  ),
});
const transactions = fc.array(fc.array(change, { maxLength: 60 }), { minLength: 10, maxLength: 40 });

async function keysIn(): Promise<string[]> {
  const keys: string[] = [];
  await checkAllPages(path, (key) => keys.push(key.toString()));
  return keys;
}

async function openFile(): Promise<RootDatabase<Buffer, string>> {
  return open<Buffer, string>({ path, noSubdir: true, encoding: 'binary', eventTurnBatching: false });
}

describe('A data file that nothing was done to', () => {
  it('is found sound after each transaction, with all its records, whatever is written', async () => {
    const database = await openFile();
    try {
      await fc.assert(
        fc.asyncProperty(transactions, async (all) => {
          for (const changes of all) {
            await database.transaction(() => {
              for (const { key, bytes } of changes) {
                if (bytes === undefined) database.removeSync(`key ${key}`);
                else database.putSync(`key ${key}`, Buffer.alloc(bytes, 1));
              }
            });
            expect(await keysIn()).toEqual([...database.getKeys()]);
          }
        }),
        { numRuns: 15 },
      );
    } finally {
      await database.close();
    }
  });

  it('is found sound as a power cut leaves it, and LMDB goes back to what was flushed', async () => {
    const database = await openFile();
    for (let count = 0; count < 5; count += 1) await database.put(`key ${count}`, Buffer.alloc(1));
    await database.close();
    const content = await readFile(path);
    const [newest, page] = [0, PAGE_BYTES]
      .map((at) => [content.readBigUInt64LE(at + META_TRANSACTION), at] as const)
      .reduce((one, other) => (other[0] > one[0] ? other : one));
    // Of two more transactions, only the meta page of the second one reached the disk, before the computer went down.
    content.writeBigUInt64LE(newest + 2n, page + META_TRANSACTION);
    content.writeBigUInt64LE(1n << 20n, page + META_ROOT);
    content.writeBigUInt64LE(12345n, page + META_BOOT);
    await writeFile(path, content);

    await checkBeforeOpening(path);
    const reopened = await openFile();
    expect(await keysIn()).toEqual(['key 0', 'key 1', 'key 2', 'key 3', 'key 4']);
    await reopened.close();
  });

  it('is found sound once another process has finished what it was writing', async () => {
    const database = await openFile();
    for (let count = 0; count < 5; count += 1) await database.put(`key ${count}`, Buffer.alloc(1));
    await database.close();
    const content = await readFile(path);
    const half = Buffer.from(content);
    half.writeBigUInt64LE(1n, META_ROOT); // of one page, and not yet its transaction
    half.writeBigUInt64LE(1n, PAGE_BYTES + META_ROOT);
    await writeFile(path, half);
    const checking = checkBeforeOpening(path);
    setTimeout(() => writeFileSync(path, content), 5);
    await checking;
    await writeFile(path, half);
    await expect(checkBeforeOpening(path)).rejects.toBeInstanceOf(DamagedStoreError);
  });

  it('is found sound while it is new, and when it was opened again', async () => {
    for (let round = 0; round < 3; round += 1) {
      const database = await openFile();
      const keys = await keysIn();
      expect(keys).toHaveLength(round);
      await database.put(`key ${round}`, Buffer.alloc(1));
      await database.close();
    }
  });
});

it('A data file with a value that claims to have no pages is found damaged', async () => {
  const database = await openFile();
  await database.put('key', Buffer.alloc(20_000));
  await database.close();
  const file = await readFile(path);
  // What leads to the value: its first page, a transaction, and how many pages it has.
  const places: number[] = [];
  for (let at = 0; at <= file.length - 24; at += 1) {
    const number = file.readBigUInt64LE(at);
    const isReference = file.readBigUInt64LE(at + 16) === 5n && number > 1n && number * 4_096n < file.length;
    if (isReference) places.push(at);
  }
  expect(places.length).toBeGreaterThan(0);
  const refusals: string[] = [];
  for (const at of places) {
    const changed = Buffer.from(file);
    changed.writeBigUInt64LE(0n, at + 16);
    await writeFile(path, changed);
    try {
      await keysIn();
    } catch (error) {
      refusals.push((error as Error).name);
    }
  }
  expect(new Set(refusals)).toEqual(new Set(['DamagedStoreError']));
});

it('A data file with a mark on a page that LMDB never writes is found damaged', async () => {
  const database = await openFile();
  for (let count = 0; count < 100; count += 1) await database.put(`key ${count}`, Buffer.alloc(100));
  await database.close();
  const content = await readFile(path);
  const pages = Array.from({ length: content.length / PAGE_BYTES }, (_, page) => page * PAGE_BYTES);
  const leaves = pages.filter((at) => content.readUInt16LE(at + PAGE_FLAGS) === LEAF);
  for (let bit = 1; bit < 1 << 16; bit <<= 1) {
    if (bit === LEAF || bit === DIRTY) continue;
    const damaged = Buffer.from(content);
    for (const at of leaves) damaged.writeUInt16LE(LEAF | bit, at + PAGE_FLAGS);
    await writeFile(path, damaged);
    await expect(keysIn()).rejects.toBeInstanceOf(DamagedStoreError);
  }
});

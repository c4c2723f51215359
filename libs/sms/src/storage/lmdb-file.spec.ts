import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { open, type RootDatabase } from 'lmdb';
import { temporaryFolder } from '../../../../test/support/stores.js';
import { checkAllPages } from './embedded-file.js';

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

function keysIn(): string[] {
  const keys: string[] = [];
  checkAllPages(path, (key) => keys.push(key.toString()));
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
            expect(keysIn()).toEqual([...database.getKeys()]);
          }
        }),
        { numRuns: 15 },
      );
    } finally {
      await database.close();
    }
  });

  it('is found sound while it is new, and when it was opened again', async () => {
    for (let round = 0; round < 3; round += 1) {
      const database = await openFile();
      const keys = keysIn();
      expect(keys).toHaveLength(round);
      await database.put(`key ${round}`, Buffer.alloc(1));
      await database.close();
    }
  });
});

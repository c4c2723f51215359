import { readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  embeddedUnderTest,
  temporaryFolder,
  TEST_SECRET,
  type StorageUnderTest,
} from '../../../../test/support/stores.js';
import { Secret } from '../secret.js';
import { inspectDataFile } from './embedded.inspection.js';
import type { EmbeddedStorage } from './embedded.storage.js';

const SECRETS = [new Secret(TEST_SECRET)];
const RECORDS = 200;
const PAGE_BYTES = 4_096;

describe('The inspection of a data file', () => {
  let store: StorageUnderTest<EmbeddedStorage> & { folder: string };
  let path: string;
  beforeEach(async () => {
    store = await embeddedUnderTest();
    path = join(store.folder, 'limits.mdb');
    await write();
  });
  afterEach(() => store.close());

  function write(): Promise<void> {
    return store.storage.transact((transaction) => {
      for (let record = 0; record < RECORDS; record += 1) {
        transaction.put(`record ${record}`, Buffer.alloc(50, record), 60_000);
      }
    });
  }

  it('counts its records beside a process that uses it, and knows whose it is', async () => {
    expect(await inspectDataFile(store.folder, SECRETS)).toEqual({
      state: 'sound',
      records: RECORDS + 2,
      opens: true,
    });
    const others = [new Secret('another-secret-of-at-least-32-bytes-is-this')];
    expect(await inspectDataFile(store.folder, others)).toMatchObject({ state: 'sound', opens: false });
  });

  it('never takes for damage what another process is writing', async () => {
    let ended = false;
    const writing = (async () => {
      for (let round = 0; round < 50; round += 1) await write();
      ended = true;
    })();
    while (!ended) {
      expect((await inspectDataFile(store.folder, SECRETS)).state).not.toBe('damaged');
      await new Promise(setImmediate);
    }
    await writing;
  });

  it('finds a page that was overwritten, and leaves it as it is', async () => {
    const content = readFileSync(path);
    // Wherever it stands: earlier states of a page are still in the file.
    for (let at = content.indexOf('record 17'); at >= 0; at = content.indexOf('record 17', at)) {
      content.fill(0, at - 4, at + 4);
    }
    const folder = await temporaryFolder();
    writeFileSync(join(folder, 'limits.mdb'), content);
    expect(await inspectDataFile(folder, SECRETS)).toMatchObject({ state: 'damaged' });
    expect(readFileSync(join(folder, 'limits.mdb')).equals(content)).toBe(true);
    await rm(folder, { recursive: true });
  });

  it('looks again a moment later at what another process may have been writing', async () => {
    const folder = await temporaryFolder();
    const copy = join(folder, 'limits.mdb');
    const content = readFileSync(path);
    writeFileSync(copy, content.subarray(0, PAGE_BYTES));
    setTimeout(() => writeFileSync(copy, content), 5);
    expect(await inspectDataFile(folder, SECRETS)).toMatchObject({ state: 'sound' });
    await rm(folder, { recursive: true });
  });
});

import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Secret } from '../secret.js';
import { unwrapWithAny } from './data-key.js';
import { damageIn, PAUSES_MS } from './embedded-file.js';
import { checkKey, DAMAGED, DATA_FILE, DATA_KEY, readRecord } from './embedded.storage.js';
import { checkSnapshot, readSnapshot } from './lmdb-file.js';

/** What was found of the data file of an embedded store. */
export type DataFileInspection =
  | { readonly state: 'missing' }
  | {
      readonly state: 'sound';
      readonly records: number;
      /** Whether the secrets open what is kept there; undefined when nothing is, or without secrets. */
      readonly opens?: boolean;
    }
  | { readonly state: 'damaged'; readonly damage: string }
  /** Another process wrote to it all the while. */
  | { readonly state: 'changing' };

/**
 * Reads and checks all of the file, beside a process that may use it, and changes nothing.
 * @throws Error of the file system when it cannot be read
 */
export async function inspectDataFile(
  folder: string,
  secrets: readonly Secret[],
): Promise<DataFileInspection> {
  const path = join(folder, DATA_FILE);
  if (!existsSync(path)) return { state: 'missing' };
  const file = openSync(path, 'r');
  try {
    let looked = look(file, secrets);
    for (const pauseMs of PAUSES_MS) {
      if (looked.state === 'sound') break;
      await sleep(pauseMs);
      looked = look(file, secrets);
    }
    return looked;
  } finally {
    closeSync(file);
  }
}

function look(file: number, secrets: readonly Secret[]): DataFileInspection {
  let transaction: number | undefined;
  let records = 0;
  let dataKey: Buffer | undefined | typeof DAMAGED;
  const damage = damageIn(file, () => {
    const snapshot = readSnapshot(file);
    ({ transaction } = snapshot);
    checkSnapshot(file, snapshot, (key, record) => {
      checkKey(key, record);
      records += 1;
      if (key.toString() === DATA_KEY) dataKey = readRecord(DATA_KEY, Buffer.from(record), 0);
    });
  });
  if (damage !== undefined) {
    return transactionNow(file) === transaction ? { state: 'damaged', damage } : { state: 'changing' };
  }
  if (dataKey === DAMAGED || (records > 0 && !dataKey)) {
    return { state: 'damaged', damage: 'its data key cannot be read' };
  }
  const wrapped = secrets.length > 0 ? dataKey?.toString() : undefined;
  return { state: 'sound', records, opens: wrapped ? Boolean(unwrapWithAny(wrapped, secrets)) : undefined };
}

function transactionNow(file: number): number | undefined {
  try {
    return readSnapshot(file).transaction;
  } catch {
    return undefined; // as damaged as before
  }
}

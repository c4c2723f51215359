import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Secret } from '../secret.js';
import { unwrapWithAny } from './data-key.js';
import { checkKey, DAMAGED, DATA_FILE, DATA_KEY, readRecord } from './embedded.storage.js';
import { checkSnapshot, DamagedPagesError, readSnapshot } from './lmdb-file.js';

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

/** Another process may write while the file is being read: what looks damaged is looked at again. */
const LOOKS = 5;

/**
 * Reads and checks all of the file, beside a process that may use it, and changes nothing.
 * @throws Error of the file system when it cannot be read
 */
export function inspectDataFile(folder: string, secrets: readonly Secret[]): DataFileInspection {
  const path = join(folder, DATA_FILE);
  if (!existsSync(path)) return { state: 'missing' };
  const file = openSync(path, 'r');
  try {
    let looked = look(file, secrets);
    for (let left = LOOKS - 1; left > 0 && looked.state !== 'sound'; left -= 1) looked = look(file, secrets);
    return looked;
  } finally {
    closeSync(file);
  }
}

function look(file: number, secrets: readonly Secret[]): DataFileInspection {
  let transaction: number | undefined;
  try {
    const snapshot = readSnapshot(file);
    ({ transaction } = snapshot);
    let records = 0;
    let dataKey: Buffer | undefined | typeof DAMAGED;
    checkSnapshot(file, snapshot, (key, record) => {
      checkKey(key, record);
      records += 1;
      if (key.toString() === DATA_KEY) dataKey = readRecord(DATA_KEY, Buffer.from(record), 0);
    });
    if (dataKey === DAMAGED || (records > 0 && !dataKey)) {
      return { state: 'damaged', damage: 'its data key cannot be read' };
    }
    const wrapped = secrets.length > 0 ? dataKey?.toString() : undefined;
    return { state: 'sound', records, opens: wrapped ? Boolean(unwrapWithAny(wrapped, secrets)) : undefined };
  } catch (error) {
    if (!(error instanceof DamagedPagesError)) throw error;
    return transactionNow(file) === transaction
      ? { state: 'damaged', damage: error.message }
      : { state: 'changing' };
  }
}

function transactionNow(file: number): number | undefined {
  try {
    return readSnapshot(file).transaction;
  } catch {
    return undefined; // as damaged as before
  }
}

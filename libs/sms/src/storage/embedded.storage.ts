import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { getSystemErrorName } from 'node:util';
import { crc32 } from 'node:zlib';
import { Logger } from '@nestjs/common';
import type { Secret } from '../secret.js';
import { StoreUnavailableError } from '../sms.errors.js';
import { NO_OBSERVER, type SmsObserver } from '../sms.observer.js';
import { DataKey, unwrapWithAny, WrongSecretError } from './data-key.js';
import { prepareFolder, UnusableFolderError } from './embedded-folder.js';
import { checkAllPages, checkBeforeOpening, DamagedStoreError } from './embedded-file.js';
import { DamagedPagesError } from './lmdb-file.js';
import { SharedDatabase, type Database } from './shared-database.js';
import { StepsUnderWay } from './steps-under-way.js';
import { storeOperation } from './store-operation.js';
import { CLOCK_START, tick, type ClockState } from './store-clock.js';

/** A record that is there but does not pass its checksum. */
export const DAMAGED = Symbol('damaged record');

/** The embedded store is to be used, and what it is made of is not installed, or not for this platform. */
export class LmdbMissingError extends Error {
  override readonly name = 'LmdbMissingError';
  constructor() {
    super(
      'The embedded store needs the package lmdb, which cannot be loaded: run "npm install lmdb", or give ' +
        'storage.redisUrl to count in Redis.',
    );
  }
}

/** What one atomic step on the store can do. */
export interface EmbeddedTransaction {
  /** The store's time in milliseconds. It never runs backwards. */
  readonly now: number;
  get(key: string): Buffer | undefined | typeof DAMAGED;
  /** @param lifeMs after which the record is gone */
  put(key: string, value: Buffer, lifeMs: number): void;
  remove(key: string): void;
}

const CLOCK_KEY = 'clock';
/** Where the data key is kept, wrapped. */
export const DATA_KEY = 'data-key';
/** The one file with records in the folder. */
export const DATA_FILE = 'limits.mdb';
const FOREVER_MS = Infinity;
const PURGE_INTERVAL_MS = 60_000;
const PURGE_BATCH = 1_000;
const HEADER_BYTES = 16;
/** Before keys had a checksum of their own. */
const FORMER_HEADER_BYTES = 12;

/**
 * A durable store in a folder of its own, for one machine without Redis. Steps are atomic across processes on the same
 * folder, and on disk when they resolve (LMDB, one sync for all steps of a moment).
 */
export class EmbeddedStorage {
  private readonly logger = new Logger(EmbeddedStorage.name);
  private opened?: Promise<SharedDatabase>;
  private key?: Promise<DataKey>;
  private purgeTimer?: NodeJS.Timeout;
  private purgedUpTo = '';

  /**
   * @param folder made when missing, readable by its owner only
   * @param secrets the first wraps the data key, the others open one that was wrapped before a rotation
   * @param wallMs the computer's clock
   * @param observer is told of each step
   */
  constructor(
    private readonly folder: string,
    private readonly secrets: readonly Secret[],
    private readonly wallMs: () => number = Date.now,
    private readonly observer: SmsObserver = NO_OBSERVER,
  ) {}

  /**
   * @throws LmdbMissingError if lmdb is not installed
   * @throws UnusableFolderError if the folder cannot be written, or the disk is full
   * @throws DamagedStoreError if the data file is damaged, WrongSecretError if it is another secret's
   */
  async open(): Promise<void> {
    await this.dataKey();
    this.purgeTimer ??= setInterval(
      () => void this.purge().catch(() => undefined),
      PURGE_INTERVAL_MS,
    ).unref();
  }

  /**
   * One atomic step. `work` runs once, synchronously, alone on the store, and must not throw.
   * @throws StoreUnavailableError if the result could not be written
   */
  async transact<T>(work: (transaction: EmbeddedTransaction) => T): Promise<T> {
    const database = await this.database();
    return storeOperation(this.observer, 'embedded', this.write(database, work));
  }

  private async write<T>(database: Database, work: (transaction: EmbeddedTransaction) => T): Promise<T> {
    const step = StepsUnderWay.begin();
    try {
      return await database.transaction(() => {
        const result = this.step(database, work);
        StepsUnderWay.end(step);
        return result;
      });
    } catch (error) {
      throw new StoreUnavailableError(await faultOf(error));
    } finally {
      StepsUnderWay.end(step);
    }
  }

  /** @throws WrongSecretError if none of the secrets opens the data key, DamagedStoreError if it is gone */
  dataKey(): Promise<DataKey> {
    this.key ??= this.loadDataKey().catch((error: unknown) => {
      this.key = undefined; // the next one tries again
      throw error;
    });
    return this.key;
  }

  /** @throws StoreUnavailableError if limits cannot be counted now */
  async check(): Promise<void> {
    await this.dataKey();
    await this.transact((transaction) => transaction.put('check', Buffer.alloc(0), PURGE_INTERVAL_MS));
  }

  async close(): Promise<void> {
    clearInterval(this.purgeTimer);
    const shared = await this.opened?.catch(() => undefined);
    await shared?.close();
  }

  /** Removes records whose time is over, some at a time, so that others are not held up. */
  async purge(): Promise<void> {
    const database = await this.database();
    do await this.purgeBatch(database);
    while (this.purgedUpTo !== '');
  }

  private async purgeBatch(database: Database): Promise<void> {
    await this.transact(({ now }) => {
      const batch = [...database.getRange({ start: this.purgedUpTo, limit: PURGE_BATCH })];
      for (const { key, value } of batch) {
        if (readRecord(key, value, now) === undefined) database.removeSync(key);
      }
      this.purgedUpTo = batch.length < PURGE_BATCH ? '' : batch[PURGE_BATCH - 1].key;
    });
  }

  private async database(): Promise<Database> {
    this.opened ??= this.openShared().catch((error: unknown) => {
      this.opened = undefined; // the next one tries again
      throw error;
    });
    const { database, isClosed } = await this.opened;
    if (isClosed) throw new StoreUnavailableError('closed'); // others may still have it open
    return database;
  }

  private async openShared(): Promise<SharedDatabase> {
    await prepareFolder(this.folder);
    const path = join(await realpath(this.folder), DATA_FILE);
    return SharedDatabase.open(path, () => this.openDatabase(path));
  }

  private async openDatabase(path: string): Promise<Database> {
    await checkBeforeOpening(path);
    const database = await this.openFile(path);
    const reading = database.useReadTransaction(); // so that no other process writes over what is being checked
    try {
      await checkAllPages(path, checkKey);
      reading.done();
    } catch (error) {
      reading.done();
      await database.close();
      throw error;
    }
    return database;
  }

  private async openFile(path: string): Promise<Database> {
    const { open } = await loadLmdb();
    const umask = process.umask(0o077);
    try {
      return open<Buffer, string>({
        path,
        noSubdir: true,
        encoding: 'binary',
        // With batches per turn of the event loop, a full disk leaves a rejected promise that nobody can catch.
        eventTurnBatching: false,
        // With it, a process that is killed while it flushes lets another one go back behind what was committed.
        overlappingSync: false,
      });
    } catch (error) {
      throw new UnusableFolderError(this.folder, error);
    } finally {
      process.umask(umask);
    }
  }

  private step<T>(database: Database, work: (transaction: EmbeddedTransaction) => T): T {
    const before = readClock(database.get(CLOCK_KEY));
    const clock = tick(before, this.wallMs());
    let wrote = false;
    const result = work({
      now: clock.latest,
      get: (key) => {
        const value = readRecord(key, database.get(key), clock.latest);
        if (value === DAMAGED) this.logger.error({ event: 'store.damaged_record' });
        return value;
      },
      put: (key, value, lifeMs) => {
        wrote = true;
        database.putSync(key, writeRecord(key, value, clock.latest + lifeMs));
      },
      remove: (key) => {
        wrote = true;
        database.removeSync(key);
      },
    });
    const hasChanged = clock.latest !== before.latest || clock.lead !== before.lead;
    if (wrote && hasChanged)
      database.putSync(CLOCK_KEY, writeRecord(CLOCK_KEY, writeClock(clock), FOREVER_MS));
    return result;
  }

  private async loadDataKey(): Promise<DataKey> {
    const database = await this.database();
    const found = await this.transact((transaction) => {
      const stored = transaction.get(DATA_KEY);
      // It is the first record that is ever written: without it, or with a new one, all others would be lost.
      const isNew = [...database.getKeys({ limit: 1 })].length === 0;
      if (stored === DAMAGED || (!stored && !isNew)) return DAMAGED;
      const unwrapped = stored
        ? unwrapWithAny(stored.toString(), this.secrets)
        : { dataKey: DataKey.generate(), wrappedByFirst: false };
      if (unwrapped && !unwrapped.wrappedByFirst) {
        transaction.put(DATA_KEY, Buffer.from(unwrapped.dataKey.wrap(this.secrets[0])), FOREVER_MS);
      }
      return unwrapped;
    });
    if (found === DAMAGED) throw new DamagedStoreError(this.folder, 'its data key cannot be read');
    if (!found) throw new WrongSecretError(`The store in ${this.folder}`);
    return found.dataKey;
  }
}

/** Not loaded where Redis is used. It is an optional dependency of the package, so it may be missing. */
async function loadLmdb(): Promise<typeof import('lmdb')> {
  try {
    return await import('lmdb');
  } catch {
    throw new LmdbMissingError();
  }
}

/** The system's name of what went wrong, such as ENOSPC. LMDB puts it on a promise beside its error. */
async function faultOf(error: unknown): Promise<string> {
  const { commitError } = error as { commitError?: Promise<unknown> };
  const reason: unknown = await Promise.resolve(commitError).catch((rejected: unknown) => rejected);
  const { code } = (reason ?? error) as { code?: unknown };
  return typeof code === 'number' && code > 0 ? getSystemErrorName(-code) : 'write failed';
}

// A record: CRC-32 over its key and all that follows (4 bytes), CRC-32 over the key (4), expiry in milliseconds (8),
// value.

function writeRecord(key: string, value: Buffer, expiry: number): Buffer {
  const record = Buffer.alloc(HEADER_BYTES + value.length);
  record.writeUInt32BE(crc32(key), 4);
  record.writeDoubleBE(expiry, 8);
  value.copy(record, HEADER_BYTES);
  record.writeUInt32BE(checksum(key, record), 0);
  return record;
}

/** @returns undefined when it is not there, or its time is over */
export function readRecord(
  key: string,
  record: Buffer | undefined,
  now: number,
): Buffer | undefined | typeof DAMAGED {
  if (!record) return undefined;
  if (record.length < FORMER_HEADER_BYTES || !isSound(key, record)) return DAMAGED;
  const headerBytes = record.readUInt32BE(4) === crc32(key) ? HEADER_BYTES : FORMER_HEADER_BYTES;
  const expiresAt = record.readDoubleBE(headerBytes - 8);
  return expiresAt <= now ? undefined : record.subarray(headerBytes);
}

function isSound(key: string | Buffer, record: Buffer): boolean {
  return record.readUInt32BE(0) === checksum(key, record);
}

function checksum(key: string | Buffer, record: Buffer): number {
  return crc32(record.subarray(4), crc32(key));
}

/** A damaged value is noticed when it is read. Under a damaged key it would not be looked for. */
export function checkKey(key: Buffer, record: Buffer): void {
  const keyIsSound = record.length >= HEADER_BYTES && record.readUInt32BE(4) === crc32(key);
  if (keyIsSound || (record.length >= FORMER_HEADER_BYTES && isSound(key, record))) return;
  throw new DamagedPagesError('a record is not under the key that it was written under');
}

function writeClock({ latest, lead }: ClockState): Buffer {
  const value = Buffer.alloc(16);
  value.writeDoubleBE(latest, 0);
  value.writeDoubleBE(lead, 8);
  return value;
}

function readClock(record: Buffer | undefined): ClockState {
  const value = readRecord(CLOCK_KEY, record, 0);
  if (!value || value === DAMAGED) return CLOCK_START;
  return { latest: value.readDoubleBE(0), lead: value.readDoubleBE(8) };
}

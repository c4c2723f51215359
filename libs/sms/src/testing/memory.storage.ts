import { DataKey } from '../storage/data-key.js';
import type { EmbeddedTransaction } from '../storage/embedded.storage.js';
import { CLOCK_START, tick } from '../storage/store-clock.js';
import type { TransactionalStorage } from '../storage/transactional.storage.js';

interface StoredRecord {
  readonly value: Buffer;
  readonly expiresAt: number;
}

/** Records in memory, for one process: they are gone when it ends. */
export class MemoryStorage implements TransactionalStorage {
  private readonly records = new Map<string, StoredRecord>();
  private readonly key = DataKey.generate();
  private clock = CLOCK_START;

  /** @param wallMs milliseconds since 1970; the storage's own time never runs backwards */
  constructor(private readonly wallMs: () => number) {}

  async transact<T>(work: (transaction: EmbeddedTransaction) => T): Promise<T> {
    this.clock = tick(this.clock, this.wallMs());
    const now = this.clock.latest;
    return work({
      now,
      get: (key) => this.read(key, now),
      put: (key, value, lifeMs) => void this.records.set(key, { value, expiresAt: now + lifeMs }),
      remove: (key) => void this.records.delete(key),
    });
  }

  async dataKey(): Promise<DataKey> {
    return this.key;
  }

  clear(): void {
    this.records.clear();
  }

  private read(key: string, now: number): Buffer | undefined {
    const record = this.records.get(key);
    if (!record || record.expiresAt > now) return record?.value;
    this.records.delete(key);
    return undefined;
  }
}

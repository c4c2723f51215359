import type { DataKey } from './data-key.js';
import type { EmbeddedTransaction } from './embedded.storage.js';

/** A place for records that are read and written in atomic steps, and whose phones are known by a keyed hash. */
export interface TransactionalStorage {
  /** One atomic step. `work` runs once, synchronously, alone on the storage, and must not throw. */
  transact<T>(work: (transaction: EmbeddedTransaction) => T): Promise<T>;
  dataKey(): Promise<DataKey>;
}

import { DAMAGED, type EmbeddedStorage, type EmbeddedTransaction } from '@app/sms/internals';
import * as rule from './idempotency.rule.js';
import { REPEATED_MS, type IdempotencyStore } from './idempotency.store.js';

/** Idempotency keys in the embedded store: the rule, inside a transaction. */
export class EmbeddedIdempotencyStore implements IdempotencyStore {
  constructor(private readonly storage: EmbeddedStorage) {}

  claim(key: string, call: { id: string; body: string }, runningMs: number): Promise<rule.Claim> {
    return this.storage.transact((transaction) => {
      const known = read(transaction, key);
      const { state, claim } = rule.claim(known, call, runningMs, transaction.now);
      if (!known) write(transaction, key, state);
      return claim;
    });
  }

  async answer(key: string, id: string, answer: string): Promise<void> {
    await this.storage.transact((transaction) => {
      const known = read(transaction, key);
      if (known?.id === id) write(transaction, key, { ...known, answer });
    });
  }

  async free(key: string, id: string): Promise<void> {
    await this.storage.transact((transaction) => {
      const known = read(transaction, key);
      if (known?.id === id && known.answer === undefined) transaction.remove(recordOf(key));
    });
  }
}

/** A damaged record is of no body, so that every call with its key is told to take a new one. */
function read(transaction: EmbeddedTransaction, key: string): rule.KeyState | undefined {
  const stored = transaction.get(recordOf(key));
  if (stored === DAMAGED) return { id: '', body: '', runsUntil: 0 };
  return stored && (JSON.parse(stored.toString()) as rule.KeyState);
}

function write(transaction: EmbeddedTransaction, key: string, state: rule.KeyState): void {
  transaction.put(recordOf(key), Buffer.from(JSON.stringify(state)), REPEATED_MS);
}

function recordOf(key: string): string {
  return `idempotency:${key}`;
}

import type { Claim } from './idempotency.rule.js';

/** How long an answer is repeated, in milliseconds. */
export const REPEATED_MS = 24 * 60 * 60 * 1000;

/**
 * Idempotency keys and the answers that were given for them. Keys are keyed hashes, answers are sealed. All operations
 * are atomic, happen at the store's time, and are idempotent. Every store passes `test/contract/idempotency.store.contract.ts`.
 * @throws StoreUnavailableError from each method, when the store cannot answer
 */
export interface IdempotencyStore {
  /**
   * Takes a key for a call, or says what became of the call that has it.
   * @param call its id is new for each call
   * @param runningMs after which a call without an answer counts as dead
   */
  claim(key: string, call: { readonly id: string; readonly body: string }, runningMs: number): Promise<Claim>;
  /** Keeps the final answer of the call that has the key, for {@link REPEATED_MS}. */
  answer(key: string, id: string, answer: string): Promise<void>;
  /** Forgets the key, if this call has it and was not answered. */
  free(key: string, id: string): Promise<void>;
}

/** Token of the store. */
export const IdempotencyStore = Symbol('IdempotencyStore');

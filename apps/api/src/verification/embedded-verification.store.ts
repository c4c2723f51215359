import { DAMAGED, type EmbeddedStorage, type EmbeddedTransaction } from '@app/sms';
import * as rule from './verification.rule.js';
import type { VerificationId } from './verification-id.js';
import {
  REMEMBERED_MS,
  type CheckAnswer,
  type SealedCode,
  type SendResult,
  type StoredVerification,
  type VerificationStore,
} from './verification.store.js';

/** Longer than any code and any wrong guess is remembered. */
const PHONE_LIFE_MS = 25 * 60 * 60 * 1000;

interface StoredCode extends rule.CodeState, SealedCode {
  readonly failure?: string;
}

/** Codes in the embedded store: the rule, inside a transaction. */
export class EmbeddedVerificationStore implements VerificationStore {
  constructor(private readonly storage: EmbeddedStorage) {}

  open(id: VerificationId, code: SealedCode, limits: { ttlMs: number; maxWrongGuesses: number }) {
    return this.storage.transact((transaction) => {
      const records = new Records(transaction, id);
      const { now } = transaction;
      if (records.code) return { opened: true as const, expiresAt: records.code.expiresAt };
      const phone = records.phone(limits.maxWrongGuesses);
      const waitMs = rule.waitForGuess(phone, limits.maxWrongGuesses, now);
      if (waitMs > 0) return { opened: false as const, waitMs };
      const expiresAt = now + limits.ttlMs;
      const opened = rule.open(phone, id.nonce, now);
      records.writeCode({ ...code, number: opened.opened, expiresAt, send: 'in_flight', guesses: [] });
      records.writePhone(opened);
      return { opened: true as const, expiresAt };
    });
  }

  async settle(id: VerificationId, result: SendResult): Promise<void> {
    await this.storage.transact((transaction) => {
      const records = new Records(transaction, id);
      if (!records.code) return;
      const { phone, code } = rule.settle(
        records.phone(),
        id.nonce,
        records.code,
        result.send,
        transaction.now,
      );
      records.writePhone(phone);
      const changed = code !== records.code;
      if (changed) {
        records.writeCode({
          ...records.code,
          ...code,
          ...(result.send === 'failed' && { failure: result.failure }),
        });
      }
    });
  }

  async discard(id: VerificationId): Promise<void> {
    await this.storage.transact((transaction) => {
      const records = new Records(transaction, id);
      records.removeCode();
      records.writePhone(rule.discard(records.phone(), id.nonce));
    });
  }

  check(
    id: VerificationId,
    attempt: { id: string; mac: string },
    limits: rule.CheckLimits,
  ): Promise<CheckAnswer> {
    return this.storage.transact((transaction) => {
      const records = new Records(transaction, id);
      const before = records.code;
      if (!before) return { result: 'not_found' };
      const phoneBefore = records.phone(limits.maxWrongGuesses);
      const { phone, code, decision } = rule.check(
        phoneBefore,
        id.nonce,
        before,
        { id: attempt.id, matches: attempt.mac === before.mac },
        limits,
        transaction.now,
      );
      if (code !== before) records.writeCode({ ...before, ...code });
      if (phone !== phoneBefore) records.writePhone(phone);
      return { ...decision, sealedPhone: before.sealedPhone, purpose: before.purpose };
    });
  }

  find(
    id: VerificationId,
    limits: Pick<rule.CheckLimits, 'maxAttempts' | 'sendMs'>,
  ): Promise<StoredVerification | undefined> {
    return this.storage.transact((transaction) => {
      const { now } = transaction;
      const records = new Records(transaction, id);
      const { code } = records;
      if (!code) return undefined;
      const phone = records.phone();
      const { send, failure, sealedPhone, purpose, expiresAt } = code;
      const status = rule.statusOf(phone, id.nonce, code, limits.maxAttempts, now);
      const inDoubt = status === 'pending' ? rule.inDoubt(phone, id.nonce, limits.sendMs, now) : [];
      return { status, send, failure, sealedPhone, purpose, expiresAt, inDoubt };
    });
  }
}

/** The two records of one verification inside a transaction: the code, and its phone. */
class Records {
  readonly code: StoredCode | undefined;

  constructor(
    private readonly transaction: EmbeddedTransaction,
    private readonly id: VerificationId,
  ) {
    const stored = transaction.get(this.codeKey);
    this.code = stored && stored !== DAMAGED ? (JSON.parse(stored.toString()) as StoredCode) : undefined;
  }

  /** @param maxWrongGuesses of which a damaged record has none left */
  phone(maxWrongGuesses = 1): rule.PhoneState {
    const { now } = this.transaction;
    const stored = this.transaction.get(this.phoneKey);
    if (stored === DAMAGED) {
      const exhausted = {
        ...rule.UNKNOWN_PHONE,
        // Later codes are numbered beyond every earlier one, and all of those have ended.
        opened: now,
        endedThrough: now,
        endedAt: now,
        wrongGuesses: Array<number>(maxWrongGuesses).fill(now),
      };
      this.writePhone(exhausted);
      return exhausted;
    }
    return stored ? (JSON.parse(stored.toString()) as rule.PhoneState) : rule.UNKNOWN_PHONE;
  }

  writeCode(code: StoredCode): void {
    const lifeMs = code.expiresAt + REMEMBERED_MS - this.transaction.now;
    this.transaction.put(this.codeKey, Buffer.from(JSON.stringify(code)), lifeMs);
  }

  removeCode(): void {
    this.transaction.remove(this.codeKey);
  }

  writePhone(phone: rule.PhoneState): void {
    this.transaction.put(this.phoneKey, Buffer.from(JSON.stringify(phone)), PHONE_LIFE_MS);
  }

  private get codeKey(): string {
    return `code:${this.id.toString()}`;
  }

  private get phoneKey(): string {
    return `codes:${this.id.tag}`;
  }
}

import type { Quota } from '@app/sms';
import { DAMAGED, EmbeddedQuotas, type EmbeddedStorage, type EmbeddedTransaction } from '@app/sms/internals';
import { progressOf, type DeliveryReport } from './delivery.js';
import * as rule from './verification.rule.js';
import type { VerificationId } from './verification-id.js';
import {
  REMEMBERED_MS,
  type CheckAnswer,
  type OpenLimits,
  type RecordedReport,
  type SealedCode,
  type SendResult,
  type StoredVerification,
  type VerificationStore,
} from './verification.store.js';

/** How long wrong guesses count. */
const GUESSES_LIFE_MS = 24 * 60 * 60 * 1000;

/** The most wrong guesses per phone that can be configured. */
const LARGEST_GUESS_BUDGET = 100;

interface StoredCode extends rule.CodeState, SealedCode {
  readonly failure?: string;
  readonly sid?: string;
  readonly progress?: number;
  /** When there was news of the message, or Twilio was asked for some. */
  readonly newsAt?: number;
}

interface StoredPhone extends rule.PhoneState {
  readonly keepUntil: number;
}

/** Codes in the embedded store: the rule, inside a transaction. */
export class EmbeddedVerificationStore implements VerificationStore {
  constructor(private readonly storage: EmbeddedStorage) {}

  open(id: VerificationId, code: SealedCode, limits: OpenLimits) {
    return this.storage.transact((transaction) => {
      const records = new Records(transaction, id);
      const { now } = transaction;
      if (records.code) return { opened: true as const, expiresAt: records.code.expiresAt };
      const phone = records.phone;
      const waitMs = rule.waitForGuess(phone, limits.maxWrongGuesses, now);
      if (waitMs > 0) return { opened: false as const, waitMs };
      const expiresAt = now + limits.ttlMs;
      const opened = rule.open(phone, id.nonce, limits.sendMs, now);
      records.writeCode({ ...code, number: opened.opened, expiresAt, send: 'in_flight', guesses: [] });
      records.writePhone(opened, 2 * (limits.ttlMs + REMEMBERED_MS)); // longer than any of its codes
      return { opened: true as const, expiresAt };
    });
  }

  async settle(id: VerificationId, result: SendResult): Promise<void> {
    await this.storage.transact((transaction) => {
      const records = new Records(transaction, id);
      if (!records.code) return records.writePhone(rule.discard(records.phone, id.nonce));
      const { phone, code } = rule.settle(
        records.phone,
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
          ...(result.send === 'accepted' && { sid: result.sid, newsAt: transaction.now }),
        });
      }
    });
  }

  async discard(id: VerificationId): Promise<void> {
    await this.storage.transact((transaction) => {
      const records = new Records(transaction, id);
      records.removeCode();
      records.writePhone(rule.discard(records.phone, id.nonce));
    });
  }

  async check(
    id: VerificationId,
    attempt: { id: string; mac: string },
    limits: rule.CheckLimits,
    source?: Quota,
  ): Promise<CheckAnswer> {
    const dataKey = await this.storage.dataKey();
    return this.storage.transact((transaction) => {
      const records = new Records(transaction, id);
      const before = records.code;
      if (!before) return { result: 'not_found' };
      const phoneBefore = records.phone;
      const quotas = new EmbeddedQuotas(transaction, dataKey);
      const { phone, code, decision } = rule.check(
        phoneBefore,
        id.nonce,
        before,
        { id: attempt.id, matches: attempt.mac === before.mac },
        limits,
        source ? quotas.wait(source) : 0,
        transaction.now,
      );
      if (code !== before) records.writeCode({ ...before, ...code });
      if (phone !== phoneBefore) records.writePhone(phone, decision.result === 'wrong' ? GUESSES_LIFE_MS : 0);
      if (source && decision.result === 'wrong' && code !== before) quotas.take(source);
      return { ...decision, sealedPhone: before.sealedPhone, purpose: before.purpose };
    });
  }

  report(id: VerificationId, report: DeliveryReport): Promise<RecordedReport | undefined> {
    return this.storage.transact((transaction) => {
      const records = new Records(transaction, id);
      const { code } = records;
      if (!code) return undefined;
      const before = code.progress ?? 0;
      const progress = Math.max(before, progressOf(report));
      records.writeCode({ ...code, progress, newsAt: transaction.now });
      return { before, progress, sealedPhone: code.sealedPhone };
    });
  }

  claimRefresh(id: VerificationId, quietMs: number): Promise<boolean> {
    return this.storage.transact((transaction) => {
      const records = new Records(transaction, id);
      const { code } = records;
      if (!code || transaction.now - (code.newsAt ?? 0) < quietMs) return false;
      records.writeCode({ ...code, newsAt: transaction.now });
      return true;
    });
  }

  find(id: VerificationId, maxAttempts: number): Promise<StoredVerification | undefined> {
    return this.storage.transact((transaction) => {
      const { now } = transaction;
      const records = new Records(transaction, id);
      const { code } = records;
      if (!code) return undefined;
      const phone = records.phone;
      const { send, failure, sid, sealedPhone, purpose, expiresAt, progress = 0, newsAt = 0 } = code;
      const status = rule.statusOf(phone, id.nonce, code, maxAttempts, now);
      const inDoubt = status === 'pending' ? rule.inDoubt(phone, id.nonce, now) : [];
      const delivery = { send, failure, sid, progress, quietMs: now - newsAt };
      return { status, ...delivery, sealedPhone, purpose, expiresAt, inDoubt };
    });
  }
}

/** The two records of one verification inside a transaction: the code, and its phone. */
class Records {
  /** A damaged code is no code. */
  readonly code: StoredCode | undefined;
  /** A damaged phone has no guesses left, and all its codes have ended. */
  readonly phone: rule.PhoneState;
  private keepUntil = 0;

  constructor(
    private readonly transaction: EmbeddedTransaction,
    private readonly id: VerificationId,
  ) {
    const code = transaction.get(this.codeKey);
    this.code = code && code !== DAMAGED ? (JSON.parse(code.toString()) as StoredCode) : undefined;
    const phone = transaction.get(this.phoneKey);
    if (phone === DAMAGED) {
      this.phone = exhaustedPhone(transaction.now);
      this.writePhone(this.phone, GUESSES_LIFE_MS);
    } else if (phone) {
      const { keepUntil, ...state } = JSON.parse(phone.toString()) as StoredPhone;
      this.phone = state;
      this.keepUntil = keepUntil;
    } else {
      this.phone = rule.UNKNOWN_PHONE;
    }
  }

  writeCode(code: StoredCode): void {
    const lifeMs = code.expiresAt + REMEMBERED_MS - this.transaction.now;
    this.transaction.put(this.codeKey, Buffer.from(JSON.stringify(code)), lifeMs);
  }

  removeCode(): void {
    this.transaction.remove(this.codeKey);
  }

  /** @param lifeMs at least; what is known of a phone is never forgotten earlier than it was going to be */
  writePhone(phone: rule.PhoneState, lifeMs = 0): void {
    const { now } = this.transaction;
    this.keepUntil = Math.max(this.keepUntil, now + lifeMs);
    if (this.keepUntil === now) return; // nothing was known of this phone
    const stored: StoredPhone = { ...phone, keepUntil: this.keepUntil };
    this.transaction.put(this.phoneKey, Buffer.from(JSON.stringify(stored)), this.keepUntil - now);
  }

  private get codeKey(): string {
    return `code:${this.id.toString()}`;
  }

  private get phoneKey(): string {
    return `codes:${this.id.tag}`;
  }
}

function exhaustedPhone(now: number): rule.PhoneState {
  const wrongGuesses = Array<number>(LARGEST_GUESS_BUDGET).fill(now);
  return { opened: now, endedThrough: now, endedAt: now, inFlight: {}, wrongGuesses };
}

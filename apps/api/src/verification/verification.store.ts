import type { Quota } from '@app/sms';
import type { DeliveryReport } from './delivery.js';
import type { CheckDecision, CheckLimits, VerificationStatus } from './verification.rule.js';
import type { Purpose } from './purpose.js';
import type { VerificationId } from './verification-id.js';

/** What is stored of a code: nothing that tells the code or the phone without the store's data key. */
export interface SealedCode {
  /** HMAC-SHA-256 over id and code, base64url. */
  readonly mac: string;
  /** The phone, encrypted, base64url. */
  readonly sealedPhone: string;
  readonly purpose: Purpose;
}

export interface OpenLimits {
  /** Life of the code. */
  readonly ttlMs: number;
  /** Wrong guesses per phone in any 24 hours. */
  readonly maxWrongGuesses: number;
  /** The longest that the send can take. */
  readonly sendMs: number;
}

export type SendResult =
  | { readonly send: 'accepted'; readonly sid: string }
  | { readonly send: 'unknown' }
  | { readonly send: 'failed'; readonly failure: string };

/** A stored verification, as its owner may see it. */
export interface StoredVerification {
  readonly status: VerificationStatus;
  readonly send: 'in_flight' | 'accepted' | 'unknown' | 'failed';
  /** Why the send failed, when it did. */
  readonly failure?: string;
  /** Twilio's id of the message, once it was accepted. */
  readonly sid?: string;
  /** How far the message got, see `progressOf`; 0 when nothing was reported. */
  readonly progress: number;
  /** Milliseconds since there was news of the message, or since Twilio was asked for some. */
  readonly quietMs: number;
  readonly sealedPhone: string;
  readonly purpose: Purpose;
  /** Milliseconds since the epoch, by the store's clock. */
  readonly expiresAt: number;
  /** Other sends to the phone that were interrupted; they may have replaced this code. */
  readonly inDoubt: readonly string[];
}

export interface RecordedReport {
  /** How far the message was before this report, see `progressOf`. */
  readonly before: number;
  /** How far it is now. */
  readonly progress: number;
  readonly sealedPhone: string;
}

export type CheckAnswer =
  | (CheckDecision & { readonly sealedPhone: string; readonly purpose: Purpose })
  | { readonly result: 'not_found' };

/**
 * The codes of each phone and its wrong guesses. All operations are atomic, happen at the store's time, and are
 * idempotent. Every store passes `test/contract/verification.store.contract.ts`.
 * @throws StoreUnavailableError from each method, when the store cannot answer
 */
export interface VerificationStore {
  /**
   * Stores a code before it is sent; from then on it can be checked. Refused, and nothing stored, while the phone's
   * budget of wrong guesses is used up.
   */
  open(
    id: VerificationId,
    code: SealedCode,
    limits: OpenLimits,
  ): Promise<{ opened: true; expiresAt: number } | { opened: false; waitMs: number }>;
  /** Says how the send ended. A code that may have gone out replaces the ones before it. */
  settle(id: VerificationId, result: SendResult): Promise<void>;
  /** Forgets a code whose send was refused. */
  discard(id: VerificationId): Promise<void>;
  /**
   * Counts an attempt, compares it, and accepts the code at most once.
   * @param attempt its id is new for each attempt
   * @param source the wrong guesses of the caller's address, if they are limited
   */
  check(
    id: VerificationId,
    attempt: { id: string; mac: string },
    limits: CheckLimits,
    source?: Quota,
  ): Promise<CheckAnswer>;
  /**
   * Records how far the message got; reports only move it forward.
   * @returns undefined if the id is not known
   */
  report(id: VerificationId, report: DeliveryReport): Promise<RecordedReport | undefined>;
  /** Whether nobody had news of the message, or asked for some, for this long. The caller then asks. */
  claimRefresh(id: VerificationId, quietMs: number): Promise<boolean>;
  find(id: VerificationId, maxAttempts: number): Promise<StoredVerification | undefined>;
}

/** Token of the store. */
export const VerificationStore = Symbol('VerificationStore');

/** How long an ended code is remembered, so that its owner is told what became of it. */
export const REMEMBERED_MS = 60 * 60 * 1000;

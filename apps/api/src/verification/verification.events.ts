import type { LimitOwner, PhoneFacts, SmsErrorCode, SmsEvents, SmsFailureReason } from '@app/sms';
import type { IdempotencyErrorCode } from '../idempotency/idempotency.errors.js';
import type { Purpose } from './purpose.js';
import type { CodeEndedReason, VerificationErrorCode } from './verification.errors.js';

/** The error code of an answer; `INTERNAL_ERROR` is a fault of ours. */
export type OutcomeCode = SmsErrorCode | VerificationErrorCode | IdempotencyErrorCode | 'INTERNAL_ERROR';

/** A code was sent, and can be checked. */
export interface VerificationStarted extends PhoneFacts {
  readonly purpose: Purpose;
}

/** A call for a code was refused. */
export interface VerificationRefused extends Partial<PhoneFacts> {
  readonly purpose?: Purpose;
  readonly code: OutcomeCode;
  readonly limit?: LimitOwner;
  readonly retryAfterSeconds?: number;
}

/** A call for a code failed. */
export interface VerificationFailed extends Partial<PhoneFacts> {
  readonly purpose?: Purpose;
  readonly code: OutcomeCode;
  /** Why Twilio did not take the message, if it said so. */
  readonly reason?: SmsFailureReason;
  /** Twilio's error code, when it gave one. */
  readonly twilioCode?: number;
  /** The code may arrive all the same, and can then be checked. */
  readonly mayArrive?: boolean;
}

/** The right code was entered: the phone is verified. */
export interface VerificationApproved extends PhoneFacts {
  readonly purpose: Purpose;
}

/** A code was entered and not accepted. */
export interface VerificationRejected extends Partial<PhoneFacts> {
  readonly purpose?: Purpose;
  readonly code: OutcomeCode;
  /** Why the code cannot be accepted any more. */
  readonly reason?: CodeEndedReason;
  readonly attemptsLeft?: number;
}

/** A check failed, and whether the code was right is not known. */
export interface VerificationCheckFailed extends Partial<PhoneFacts> {
  readonly purpose?: Purpose;
  readonly code: OutcomeCode;
}

/** Events of the API by their names, besides those of the library. None is emitted for an answer that is repeated. */
export interface VerificationEvents extends SmsEvents {
  'verification.started': VerificationStarted;
  'verification.refused': VerificationRefused;
  'verification.failed': VerificationFailed;
  'verification.approved': VerificationApproved;
  'verification.rejected': VerificationRejected;
  'verification.check_failed': VerificationCheckFailed;
}

import type { PhoneFacts, SmsEvents } from '@app/sms';
import type { Purpose } from './purpose.js';

/** A code was sent, and can be checked. */
export interface VerificationStarted extends PhoneFacts {
  readonly purpose: Purpose;
}

/** A call for a code was refused. */
export interface VerificationRefused extends Partial<PhoneFacts> {
  readonly purpose?: Purpose;
  /** The error code of the answer. */
  readonly code: string;
  /** Whose limit it was: `phone`, `source` or `total`. */
  readonly limit?: string;
  readonly retryAfterSeconds?: number;
}

/** A call for a code failed. */
export interface VerificationFailed extends Partial<PhoneFacts> {
  readonly purpose?: Purpose;
  /** The error code of the answer. */
  readonly code: string;
  /** Why Twilio did not take the message, if it said so. */
  readonly reason?: string;
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
  /** The error code of the answer. */
  readonly code: string;
  /** Why the code cannot be accepted any more. */
  readonly reason?: string;
  readonly attemptsLeft?: number;
}

/** Events of the API by their names, besides those of the library. None is emitted for an answer that is repeated. */
export interface VerificationEvents extends SmsEvents {
  'verification.started': VerificationStarted;
  'verification.refused': VerificationRefused;
  'verification.failed': VerificationFailed;
  'verification.approved': VerificationApproved;
  'verification.rejected': VerificationRejected;
}

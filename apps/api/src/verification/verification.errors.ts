import type { SmsConnectionFailedError, SmsSendFailedError } from '@app/sms';
import type { VerificationStatus } from './verification.rule.js';

export type VerificationErrorCode =
  | 'MOBILE_REGISTER_DISABLED'
  | 'SMS_CODE_ERROR'
  | 'SMS_CODE_EXPIRED'
  | 'VERIFICATION_NOT_FOUND'
  | 'SMS_CHECK_TOO_FREQUENTLY';

/** Base of the errors of this feature. None holds a code, a full number, or HTTP. */
export abstract class VerificationError extends Error {
  abstract readonly code: VerificationErrorCode;
  override get name(): string {
    return this.constructor.name;
  }
}

/** `server.enable_mobile_register` is off, and the purpose needs it. */
export class MobileRegisterDisabledError extends VerificationError {
  readonly code = 'MOBILE_REGISTER_DISABLED';
  constructor() {
    super('Registration by phone is switched off.');
  }
}

/** The code is wrong. */
export class SmsCodeError extends VerificationError {
  readonly code = 'SMS_CODE_ERROR';
  constructor(readonly attemptsLeft: number) {
    super(
      attemptsLeft === 0
        ? 'The code is wrong. Ask for a new one.'
        : 'The code is wrong. Check it and try again.',
    );
  }
}

/** Why a code cannot be accepted any more. */
export const CODE_ENDED_REASONS = [
  'expired',
  'used',
  'replaced',
  'attempts_exhausted',
  'send_failed',
] as const;
export type CodeEndedReason = (typeof CODE_ENDED_REASONS)[number];

/** The code cannot be accepted any more, whatever was entered. */
export class SmsCodeExpiredError extends VerificationError {
  readonly code = 'SMS_CODE_EXPIRED';
  readonly reason: CodeEndedReason;
  constructor(status: Exclude<VerificationStatus, 'pending'>) {
    const reason = status === 'approved' ? 'used' : status;
    super(ENDED_TEXTS[reason]);
    this.reason = reason;
  }
}

/** No verification has this id, or it was forgotten since. */
export class VerificationNotFoundError extends VerificationError {
  readonly code = 'VERIFICATION_NOT_FOUND';
  constructor() {
    super('There is no verification with this id. Ask for a new code.');
  }
}

/** Too many wrong guesses for this phone or from this address, whichever code they were at. */
export class SmsCheckTooFrequentlyError extends VerificationError {
  readonly code = 'SMS_CHECK_TOO_FREQUENTLY';
  constructor(readonly retryAfterSeconds: number) {
    super('Too many wrong codes were entered. Try again later.');
  }

  /** Whole seconds, rounded up, at least one: who waits that long is not refused again for the same reason. */
  static after(waitMs: number): SmsCheckTooFrequentlyError {
    return new SmsCheckTooFrequentlyError(Math.max(1, Math.ceil(waitMs / 1_000)));
  }
}

/** The send failed, but the code may arrive, and can then be checked under this id. */
export class UnconfirmedSendError extends Error {
  override readonly name = 'UnconfirmedSendError';
  constructor(
    readonly verificationId: string,
    readonly failure: SmsSendFailedError | SmsConnectionFailedError,
    /** It is the answer of an earlier call with the same Idempotency-Key. */
    readonly repeated = false,
  ) {
    super(failure.message);
  }
}

const ENDED_TEXTS: Record<CodeEndedReason, string> = {
  expired: 'The code has expired. Ask for a new one.',
  used: 'The code was used already.',
  replaced: 'A newer code was sent. Enter that one.',
  attempts_exhausted: 'The code was entered wrongly too often. Ask for a new one.',
  send_failed: 'The code could not be sent. Ask for a new one.',
};

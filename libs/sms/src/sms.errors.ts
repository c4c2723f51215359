/** Every way in which a send can be refused or fail. The strings are stable once published. */
export type SmsErrorCode =
  | 'PHONE_FORMAT_ERROR'
  | 'PHONE_NOT_ALLOWED'
  | 'VALIDATION_FAILED'
  | 'SMS_SEND_TOO_FREQUENTLY'
  | 'TODAY_SMS_LIMIT_REACHED'
  | 'SMS_SEND_FAILED'
  | 'SMS_CONNECTION_FAILED'
  | 'STORE_UNAVAILABLE'
  | 'SERVER_BUSY';

/** Why Twilio did not take a message, in terms of what one can do about it. */
export type SmsFailureReason =
  | 'invalid_number'
  | 'not_mobile'
  | 'opted_out'
  | 'blocked_as_fraud'
  | 'region_not_enabled'
  | 'sender_misconfigured'
  | 'authentication_failed'
  | 'rate_limited'
  | 'provider_error';

/** Base of the errors that this library throws. None holds a code, a credential, a full number, or HTTP. */
export abstract class SmsError extends Error {
  abstract readonly code: SmsErrorCode;
  override get name(): string {
    return this.constructor.name;
  }
}

/** The text is not a phone number in E.164. */
export class PhoneFormatError extends SmsError {
  readonly code = 'PHONE_FORMAT_ERROR';
  constructor() {
    super(
      'The phone number must be in international format: + and country code first, for example +12025550123.',
    );
  }
}

/** The number is of a kind that is not served: premium, shared-cost, satellite or personal. */
export class PhoneNotAllowedError extends SmsError {
  readonly code = 'PHONE_NOT_ALLOWED';
  constructor() {
    super('Codes are not sent to this country or this kind of number. Use another mobile number.');
  }
}

/** The caller's code is not 4 to 10 ASCII letters and digits. */
export class SmsCodeFormatError extends SmsError {
  readonly code = 'VALIDATION_FAILED';
  constructor() {
    super('A verification code must be a string of 4 to 10 ASCII letters and digits.');
  }
}

/** The cooldown between two sends to one number is not over, or its source has asked for too many. */
export class SmsSendTooFrequentlyError extends SmsError {
  readonly code = 'SMS_SEND_TOO_FREQUENTLY';
  constructor(
    readonly retryAfterSeconds: number,
    readonly limit: 'phone' | 'source' = 'phone',
  ) {
    super(
      limit === 'phone'
        ? 'A code was sent to this number a moment ago. Wait before asking for another one.'
        : 'Too many codes were asked for from this address. Wait before asking for another one.',
    );
  }
}

/** The allowance of the last 24 hours is used: that of the number, or that of all numbers together. */
export class TodaySmsLimitReachedError extends SmsError {
  readonly code = 'TODAY_SMS_LIMIT_REACHED';
  constructor(
    readonly retryAfterSeconds: number,
    readonly limit: 'phone' | 'total' = 'phone',
  ) {
    super(
      limit === 'phone'
        ? 'No more codes can be sent to this number for now.'
        : 'No more codes can be sent for now.',
    );
  }
}

/** What is known of a send that failed. */
export interface SendFailureFacts {
  /** True when the message may have gone out all the same: the reservation is kept and the code may arrive. */
  readonly mayArrive: boolean;
  /** Twilio's error code, when it gave one. See https://www.twilio.com/docs/api/errors */
  readonly twilioCode?: number;
  /** Twilio's request id, for its support. */
  readonly twilioRequestId?: string;
  /** Whole seconds after which another try makes sense. */
  readonly retryAfterSeconds?: number;
}

/** Twilio answered, and did not take the message (or said that it failed). */
export class SmsSendFailedError extends SmsError implements SendFailureFacts {
  readonly code = 'SMS_SEND_FAILED';
  readonly mayArrive: boolean;
  readonly twilioCode?: number;
  readonly twilioRequestId?: string;
  readonly retryAfterSeconds?: number;

  constructor(
    readonly reason: SmsFailureReason,
    facts: SendFailureFacts,
  ) {
    super(
      facts.mayArrive
        ? 'The SMS provider reported an error. The code may still arrive.'
        : SMS_FAILURE_TEXTS[reason],
    );
    this.mayArrive = facts.mayArrive;
    this.twilioCode = facts.twilioCode;
    this.twilioRequestId = facts.twilioRequestId;
    this.retryAfterSeconds = facts.retryAfterSeconds;
  }
}

/** Twilio could not be reached, or gave no answer that says what became of the message. */
export class SmsConnectionFailedError extends SmsError implements SendFailureFacts {
  readonly code = 'SMS_CONNECTION_FAILED';
  readonly mayArrive: boolean;
  readonly twilioRequestId?: string;
  readonly retryAfterSeconds: number;

  constructor(facts: SendFailureFacts) {
    super(
      facts.mayArrive
        ? 'The SMS provider did not confirm the message. The code may still arrive.'
        : 'The SMS provider cannot be reached. Nothing was sent.',
    );
    this.mayArrive = facts.mayArrive;
    this.twilioRequestId = facts.twilioRequestId;
    this.retryAfterSeconds = facts.retryAfterSeconds ?? 1;
  }
}

/** Redis or the embedded store cannot answer, so nothing was sent. */
export class StoreUnavailableError extends SmsError {
  readonly code = 'STORE_UNAVAILABLE';
  readonly retryAfterSeconds = 1;
  /** @param fault what the store reported, as one word: `timeout`, `unreachable`, `READONLY`, `ENOSPC`. For logs. */
  constructor(readonly fault: string) {
    super('The store of limits and codes cannot answer. Nothing was sent. Try again in a moment.');
  }
}

/** Too many sends are under way, or the process is about to end. Nothing was reserved and nothing was sent. */
export class ServerBusyError extends SmsError {
  readonly code = 'SERVER_BUSY';
  readonly retryAfterSeconds = 1;
  constructor() {
    super('Too many codes are being sent at this moment. Nothing was sent. Try again in a moment.');
  }
}

/** An option of `SmsModule` is missing or wrong. Thrown when the module starts. */
export class SmsOptionsError extends Error {
  override readonly name = 'SmsOptionsError';
  // Not to be printed a second time, beside the message.
  readonly #faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`SmsModule cannot start:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.#faults = faults;
  }

  /** Each names an option, what is wrong with it, and a value that is accepted. */
  get faults(): readonly string[] {
    return this.#faults;
  }
}

const REFUSALS: ReadonlySet<SmsErrorCode> = new Set([
  'PHONE_FORMAT_ERROR',
  'PHONE_NOT_ALLOWED',
  'VALIDATION_FAILED',
  'SMS_SEND_TOO_FREQUENTLY',
  'TODAY_SMS_LIMIT_REACHED',
  'SERVER_BUSY',
]);

/** Whether the send was not let through, in contrast to one that failed. */
export function isRefusal({ code }: SmsError): boolean {
  return REFUSALS.has(code);
}

/** Why a send failed, in words for the person who waits for the code. */
export const SMS_FAILURE_TEXTS: Record<SmsFailureReason, string> = {
  invalid_number: 'This phone number does not exist. Check it, or use another one.',
  not_mobile: 'This number cannot receive SMS. Use a mobile number.',
  opted_out: 'This number has opted out of our messages. Text START to our number to receive them again.',
  blocked_as_fraud: 'Messages to this number are blocked for now. Use another number.',
  region_not_enabled: 'Codes cannot be sent to this country at the moment.',
  sender_misconfigured: 'The SMS service is not set up to reach this number. Please tell the operator.',
  authentication_failed: 'The SMS service is not set up correctly. Please tell the operator.',
  rate_limited: 'The SMS provider takes no more messages for now. Try again later.',
  provider_error: 'The SMS provider could not send the message.',
};

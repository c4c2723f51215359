import {
  SmsConnectionFailedError,
  SmsSendFailedError,
  type SmsError,
  type SmsFailureReason,
} from '../sms.errors.js';
import type { TwilioAnswer } from '../sms.observer.js';

/**
 * What is known after one try.
 * - `definite`: Twilio did not take the message.
 * - `ambiguous`: the message may have gone out.
 */
export type Certainty = 'definite' | 'ambiguous';

interface TwilioFailureFacts {
  certainty: Certainty;
  answer: TwilioAnswer;
  /** Why Twilio said no; undefined if there was no answer to go by. */
  reason?: SmsFailureReason;
  /** Another try may succeed, and the contract allows one. */
  retryable?: boolean;
  twilioCode?: number;
  twilioRequestId?: string;
  retryAfterSeconds?: number;
}

/** One failed try, classified once. It holds nothing of the request and no text of the answer. */
export class TwilioFailure extends Error {
  override readonly name = 'TwilioFailure';

  constructor(readonly facts: Readonly<TwilioFailureFacts>) {
    super(facts.reason ?? (facts.certainty === 'definite' ? 'Twilio was not reached' : 'no usable answer'));
  }

  /** The error for the caller. @param cooldownSeconds to wait when the reservation is kept */
  toSmsError(cooldownSeconds: number): SmsError {
    const { certainty, reason, twilioCode, twilioRequestId, retryAfterSeconds } = this.facts;
    const mayArrive = certainty === 'ambiguous';
    if (reason) {
      return new SmsSendFailedError(reason, { mayArrive, twilioCode, twilioRequestId, retryAfterSeconds });
    }
    const waitSeconds = Math.max(1, mayArrive ? cooldownSeconds : 0);
    return new SmsConnectionFailedError({ mayArrive, twilioRequestId, retryAfterSeconds: waitSeconds });
  }
}

/** DNS, refused, TLS, connect time-out, or the deadline passed before anything was written. */
export function neverReached(): TwilioFailure {
  return new TwilioFailure({ certainty: 'definite', answer: 'unreachable', retryable: true });
}

/** Time-out or broken connection after the request was written, a redirect, or a success that cannot be read. */
export function noUsableAnswer(twilioRequestId?: string, answer: TwilioAnswer = 'no_answer'): TwilioFailure {
  return new TwilioFailure({ certainty: 'ambiguous', answer, twilioRequestId });
}

/** An answer that says no, or a server error. */
export function refusedBy(answer: {
  status: number;
  twilioCode?: number;
  twilioRequestId?: string;
  retryAfterSeconds?: number;
}): TwilioFailure {
  const { status, twilioCode, twilioRequestId, retryAfterSeconds } = answer;
  if (status >= 500) {
    return new TwilioFailure({
      certainty: 'ambiguous',
      answer: '5xx',
      reason: 'provider_error',
      retryable: true,
      twilioCode,
      twilioRequestId,
    });
  }
  if (status < 400) return noUsableAnswer(twilioRequestId, '3xx');
  const reason = reasonOf(status, twilioCode);
  const busy = status === 429 && !ACCOUNT_CAPS.has(twilioCode ?? 0);
  return new TwilioFailure({
    certainty: 'definite',
    answer: '4xx',
    reason,
    retryable: busy,
    twilioCode,
    twilioRequestId,
    retryAfterSeconds: busy ? Math.max(1, retryAfterSeconds ?? 1) : undefined,
  });
}

/** Twilio took the request, and its answer says that the message failed. */
export function failedMessage(twilioCode?: number): TwilioFailure {
  return new TwilioFailure({ certainty: 'ambiguous', answer: '2xx', reason: 'provider_error', twilioCode });
}

/** Codes of Node that mean: no connection was made, so nothing was written. */
const NOT_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']);

/**
 * Classifies whatever a Twilio client throws: our transport's failures, and those of another client that the host
 * app provided. What is not understood counts as ambiguous. The original is dropped: it may hold credentials.
 */
export function asTwilioFailure(thrown: unknown): TwilioFailure {
  if (thrown instanceof TwilioFailure) return thrown;
  const { status, code } = (thrown ?? {}) as { status?: unknown; code?: unknown };
  if (typeof code === 'string' && NOT_CONNECTED.has(code)) return neverReached();
  if (!Number.isInteger(status)) return noUsableAnswer();
  return refusedBy({ status: status as number, twilioCode: twilioCodeOf(code) });
}

/** Twilio's error code, of at most five digits. Whatever else is in its place may repeat what was sent. */
export function twilioCodeOf(code: unknown): number | undefined {
  return typeof code === 'number' && code > 0 && code < 100_000 ? code : undefined;
}

/** Caps of the whole account for an hour or a day: waiting a moment does not help. */
const ACCOUNT_CAPS = new Set([60728, 63038]);

/** Twilio's error codes by what one can do about them. See https://www.twilio.com/docs/api/errors */
const REASONS = new Map<number, SmsFailureReason>([
  [21211, 'invalid_number'],
  [21217, 'invalid_number'],
  [21614, 'not_mobile'],
  [21635, 'not_mobile'],
  [21610, 'opted_out'],
  [21268, 'blocked_as_fraud'],
  [30450, 'blocked_as_fraud'],
  [21408, 'region_not_enabled'],
  [20003, 'authentication_failed'],
  [21212, 'sender_misconfigured'],
  [21603, 'sender_misconfigured'],
  [21606, 'sender_misconfigured'],
  [21608, 'sender_misconfigured'],
  [21612, 'sender_misconfigured'],
  [21660, 'sender_misconfigured'],
  [21611, 'rate_limited'],
  [60728, 'rate_limited'],
  [63038, 'rate_limited'],
]);

function reasonOf(status: number, twilioCode = 0): SmsFailureReason {
  const byCode = REASONS.get(twilioCode);
  if (byCode) return byCode;
  if (twilioCode >= 21700 && twilioCode <= 21799) return 'sender_misconfigured'; // Messaging Service
  if (status === 401 || status === 403) return 'authentication_failed';
  return status === 429 ? 'rate_limited' : 'provider_error';
}

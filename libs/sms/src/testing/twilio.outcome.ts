import {
  neverReached,
  noUsableAnswer,
  refusedBy,
  twilioCodeOf,
  type TwilioFailure,
} from '../twilio/twilio.failure.js';

/** Twilio created the message, and answers with its first status. */
export interface Accepted {
  readonly kind: 'accepted';
  readonly sid?: string;
  readonly status?: string;
  readonly errorCode?: number;
}

/** Twilio answered with an HTTP status that says no, or that of a fault of its own. */
export interface Rejected {
  readonly kind: 'rejected';
  readonly httpStatus: number;
  readonly twilioCode?: number;
  readonly retryAfterSeconds?: number;
}

/** What becomes of a request that asks Twilio to create a message. */
export type TwilioOutcome =
  Accepted | Rejected | { readonly kind: 'noAnswer' } | { readonly kind: 'connectionRefused' };

/**
 * Twilio takes the message.
 * @param answer.sid `SM` and 32 hexadecimal digits; a new one if it is not given
 * @param answer.status Twilio's first status, `queued` if it is not given; `failed` and `undelivered` are a failed send
 * @param answer.errorCode why it failed
 */
export function accepted(answer: Omit<Accepted, 'kind'> = {}): TwilioOutcome {
  return { kind: 'accepted', ...answer };
}

/**
 * Twilio says no, and sends nothing: `rejected(400, 21211)` is a number that does not exist. After a status from 500
 * on, nobody knows whether it was sent.
 * @param httpStatus from 400 to 599
 * @param twilioCode see https://www.twilio.com/docs/api/errors
 * @param options.retryAfterSeconds of the header `Retry-After`, which Twilio sends with 429
 */
export function rejected(
  httpStatus: number,
  twilioCode?: number,
  options: Pick<Rejected, 'retryAfterSeconds'> = {},
): TwilioOutcome {
  if (!(httpStatus >= 400 && httpStatus <= 599)) {
    throw new RangeError(
      'Twilio rejects with an HTTP status from 400 to 599, for example rejected(400, 21211)',
    );
  }
  return { kind: 'rejected', httpStatus, twilioCode, ...options };
}

/** The request was written, and nothing came back: the message may have gone out. */
export function noAnswer(): TwilioOutcome {
  return { kind: 'noAnswer' };
}

/** Twilio was not reached: the message has certainly not gone out. */
export function connectionRefused(): TwilioOutcome {
  return { kind: 'connectionRefused' };
}

/** What the library's own way to Twilio throws in this case. */
export function failureOf(outcome: Exclude<TwilioOutcome, Accepted>): TwilioFailure {
  switch (outcome.kind) {
    case 'rejected': {
      const { httpStatus: status, twilioCode, retryAfterSeconds } = outcome;
      return refusedBy({ status, twilioCode: twilioCodeOf(twilioCode), retryAfterSeconds });
    }
    case 'noAnswer':
      return noUsableAnswer();
    case 'connectionRefused':
      return neverReached();
  }
}

/** Whether a message with this outcome may reach the phone. */
export function mayArrive(outcome: TwilioOutcome): boolean {
  return outcome.kind === 'accepted' || failureOf(outcome).facts.certainty === 'ambiguous';
}

import type { PhoneNumber } from './phone/phone-number.js';
import type { SmsFailureReason } from './sms.errors.js';
import type { Deadline } from './twilio/deadline.js';
import type { SendPermit } from './twilio/send-permits.js';

/** One unit of a phone's allowance, taken before a send. */
export interface SmsReservation {
  readonly id: string;
  readonly phone: PhoneNumber;
  /** Who asked for it, if the caller said so. */
  readonly source?: string;
  /** The send is over by then, so that no message goes out after its reservation stopped to protect it. */
  readonly deadline: Deadline;
  readonly permit: SendPermit;
}

export interface ReserveOptions {
  /** Of the reservation, a new one for every send. */
  readonly id?: string;
  /** Who asked for it, such as an IP address; the limit per source applies then too. */
  readonly source?: string;
  /** Of {@link SmsService.admit}; without one, it is asked for first. */
  readonly permit?: SendPermit;
}

/** What became of a send: the message may have gone out (and Twilio said so, or not), or it certainly did not. */
export type SmsOutcome =
  | { readonly kept: true; readonly accepted: true; readonly sid: string }
  | { readonly kept: true; readonly accepted: false }
  | { readonly kept: false; readonly reason: SmsFailureReason | 'unreachable' };

export interface DeliverOptions {
  /**
   * Is called with the outcome while the reservation is settled, so that a caller's own record is written in the same
   * trip to the store. It is called again if it fails, so it must be idempotent.
   */
  readonly settleToo?: (outcome: SmsOutcome) => Promise<void>;
  /** Where Twilio reports what becomes of the message; see https://www.twilio.com/docs/usage/webhooks */
  readonly statusCallback?: string;
}

/** How far a message got, as Twilio says. */
export interface SmsStatus {
  /** Such as `queued`, `sent`, `delivered`, `undelivered` or `failed`. */
  readonly status: string;
  /** Why it was not delivered. See https://www.twilio.com/docs/api/errors */
  readonly twilioCode?: number;
}

/** How busy this process is, at this moment. */
export interface SmsLoad {
  /** Sends that hold a permit, from before their reservation until their outcome is recorded. */
  readonly underWay: number;
  /** Sends that wait for a permit. */
  readonly waiting: number;
  /** Twilio does not answer, and is not asked but now and then. */
  readonly isBreakerOpen: boolean;
}

/** A message that Twilio accepted. */
export interface SmsReceipt {
  /** Twilio's id of the message, `SM` and 32 hexadecimal digits. */
  readonly sid: string;
  /** Twilio's first status: `queued`, or `accepted` with a Messaging Service. */
  readonly status: string;
  /** The number in canonical E.164. */
  readonly to: string;
  /** Messages that Twilio bills for it. */
  readonly segments: number;
}

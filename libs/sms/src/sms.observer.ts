import { Logger } from '@nestjs/common';
import type { SmsFailureReason } from './sms.errors.js';

/**
 * What Twilio answered to one request: the class of the HTTP status, `no_answer` (time-out, broken connection, or a
 * success that cannot be read, after the request was written), or `unreachable` (nothing was written).
 */
export const TWILIO_ANSWERS = ['2xx', '3xx', '4xx', '5xx', 'no_answer', 'unreachable'] as const;
export type TwilioAnswer = (typeof TWILIO_ANSWERS)[number];

/** What went wrong in the store, in the words of Redis, of the system, or our own. Any other is `other`. */
export const STORE_FAULTS = [
  'timeout',
  'unreachable',
  // of the connection
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  // of Redis
  'BUSY',
  'CLUSTERDOWN',
  'CROSSSLOT',
  'ERR',
  'LOADING',
  'MASTERDOWN',
  'MISCONF',
  'MOVED',
  'NOAUTH',
  'NOPERM',
  'NOREPLICAS',
  'NOSCRIPT',
  'OOM',
  'READONLY',
  'TRYAGAIN',
  'WRONGPASS',
  'WRONGTYPE',
  // of the disk
  'EACCES',
  'EDQUOT',
  'EIO',
  'ENOSPC',
  'EROFS',
  'write failed',
  'other',
] as const;
export type StoreFault = (typeof STORE_FAULTS)[number];

/** One request to Twilio for a message. A send that is tried again makes several. */
export interface TwilioRequestEnd {
  /** 1 for the first try of a send. */
  readonly attempt: number;
  /** In milliseconds, the wait for a connection included. */
  readonly durationMs: number;
  readonly answer: TwilioAnswer;
  /** Why Twilio did not take the message, if it answered so. */
  readonly reason?: SmsFailureReason;
}

/** One operation of the store, those in the background included. */
export interface StoreOperationEnd {
  readonly store: 'redis' | 'embedded';
  /** In milliseconds, until the answer or until it was no longer waited for. */
  readonly durationMs: number;
  /** Undefined if it succeeded. */
  readonly fault?: StoreFault;
}

/** One send that came to its end. */
export interface SendEnd {
  /** Twilio took the message, may have taken it, or did not. */
  readonly outcome: 'accepted' | 'unconfirmed' | 'failed';
  /** ISO 3166 code of the phone's country, if it is known. */
  readonly country?: string;
  /** Messages that Twilio bills for it, if it took it. */
  readonly segments: number;
}

/**
 * Is told how each send, each request to Twilio and each operation of the store ended, to count and time them. All
 * values are numbers or from closed sets; none is of a phone, code or caller. The calls are part of a send, so they
 * should be quick. What they throw is logged once, and changes nothing.
 */
export interface SmsObserver {
  send(send: SendEnd): void;
  twilioRequest(request: TwilioRequestEnd): void;
  storeOperation(operation: StoreOperationEnd): void;
}

/** Observes nothing. */
export const NO_OBSERVER: SmsObserver = {
  send: () => undefined,
  twilioRequest: () => undefined,
  storeOperation: () => undefined,
};

/** An observer of the host app that cannot break what it observes. */
export class GuardedObserver implements SmsObserver {
  private readonly logger = new Logger(GuardedObserver.name);
  private hasFailed = false;

  constructor(private readonly observer: SmsObserver) {}

  send(send: SendEnd): void {
    this.tell(() => this.observer.send(send));
  }

  twilioRequest(request: TwilioRequestEnd): void {
    this.tell(() => this.observer.twilioRequest(request));
  }

  storeOperation(operation: StoreOperationEnd): void {
    this.tell(() => this.observer.storeOperation(operation));
  }

  /** An async method fits the interface too, and its rejection would end the process. */
  private tell(call: () => unknown): void {
    try {
      const returned = call();
      if (returned instanceof Promise) returned.catch((error: unknown) => this.failed(error));
    } catch (error) {
      this.failed(error);
    }
  }

  private failed(error: unknown): void {
    if (this.hasFailed) return;
    this.hasFailed = true;
    this.logger.error({
      event: 'sms.observer_failed',
      error: error instanceof Error ? error.name : typeof error,
    });
  }
}

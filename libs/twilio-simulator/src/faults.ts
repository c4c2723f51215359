import type { CallbackMode } from './callback.mode.js';
import { systemClock, type Clock } from './clock.js';
import { InputError } from './json.input.js';

/** An answer other than the usual one. */
export interface StatusFault {
  kind: 'status';
  /** The HTTP status. */
  status: number;
  /** Twilio's error code. @default the code Twilio uses with this status */
  code?: number;
  /** Twilio's error message. @default the text of the code */
  message?: string;
  headers?: Record<string, string>;
  /** A raw body, such as the HTML of a gateway, in place of Twilio's JSON. */
  body?: string;
  /** Of the raw body. @default 'text/html' */
  contentType?: string;
  /** Whether the message is created first, as with Twilio's 500 after creating. @default false */
  accepted?: boolean;
}

/** A message that was created, but has already failed. It is in the inbox like any other that Twilio received. */
export interface MessageStatusFault {
  kind: 'messageStatus';
  status: 'failed' | 'undelivered';
  errorCode?: number;
}

/**
 * What goes wrong with a create request. A fault that comes after accepting still needs a message that Twilio would
 * accept: a wrong request is refused as usual.
 */
export type Fault =
  | StatusFault
  | MessageStatusFault
  /** Never answers. */
  | { kind: 'hang'; accepted: boolean }
  /** Resets the connection once the request was read. */
  | { kind: 'reset'; accepted: boolean }
  /** Accepts, then cuts the 201 half way. With `lyingLength: false` the length is that of the part sent. */
  | { kind: 'truncate'; lyingLength?: boolean }
  /** Accepts, then sends the 201 byte by byte. */
  | { kind: 'drip'; everyMs: number }
  /** Accepts at once, answers later. */
  | { kind: 'delay'; ms: number }
  /** Accepts and answers as usual; the status callbacks of this message misbehave. */
  | { kind: 'callbacks'; mode: CallbackMode }
  /** Sends the client elsewhere, with 307. */
  | { kind: 'redirect'; location: string };

/** The faults that are still to come. */
export interface PendingFaults {
  /** For the next create requests, in order. */
  queued: Fault[];
  /** For the next requests that fetch a message, in order. */
  fetch: Fault[];
  /** For every create request that finds the queue empty, until then (ISO 8601). */
  standing: { fault: Fault; endsAt: string } | null;
}

/** What a create request asks for. */
export interface RequestedMessage {
  to: string;
  body: string;
}

const MAX_QUEUED = 1000;
export const STANDING_DEFAULT_MS = 60_000;
export const STANDING_MAX_MS = 3_600_000;

/** Faults on demand. For create requests the chosen one goes first; then the queue, in order; then the standing fault. */
export class Faults {
  private queue: Fault[] = [];
  private standing: { fault: Fault; endsAtMs: number } | undefined;
  private fetchQueue: Fault[] = [];
  private chooser?: (message: RequestedMessage) => Fault | undefined;

  constructor(private readonly clock: Clock = systemClock) {}

  /**
   * Applies the fault to the next requests.
   * @throws InputError when more than 1000 would be queued
   */
  next(fault: Fault, times = 1): void {
    checkRoom(this.queue, times);
    this.queue.push(...Array.from({ length: times }, () => fault));
  }

  /**
   * Applies the fault to every request that finds the queue empty, until `clear`, or until the time is over.
   * @param forMs at most an hour
   */
  always(fault: Fault, forMs = STANDING_DEFAULT_MS): void {
    this.standing = { fault, endsAtMs: this.clock.now() + Math.min(forMs, STANDING_MAX_MS) };
  }

  /**
   * Applies the fault to the next request that fetches a message.
   * @throws InputError when more than 1000 would be queued
   */
  nextFetch(fault: Fault): void {
    checkRoom(this.fetchQueue, 1);
    this.fetchQueue.push(fault);
  }

  /** Asks for the fault of each create request: by its phone, or by its text. Without an answer all goes on as usual. */
  choose(chooser: (message: RequestedMessage) => Fault | undefined): void {
    this.chooser = chooser;
  }

  /** Forgets the chooser, the queues and the standing fault. Requests that hang keep hanging. */
  clear(): void {
    this.chooser = undefined;
    this.queue = [];
    this.fetchQueue = [];
    this.standing = undefined;
  }

  /** What is queued and standing. */
  pending(): PendingFaults {
    const standing = this.currentStanding();
    return {
      queued: [...this.queue],
      fetch: [...this.fetchQueue],
      standing: standing
        ? { fault: standing.fault, endsAt: new Date(standing.endsAtMs).toISOString() }
        : null,
    };
  }

  /** The fault for this request; takes it off the queue. */
  take(message?: RequestedMessage): Fault | undefined {
    const chosen = message && this.chooser?.(message);
    return chosen ?? this.queue.shift() ?? this.currentStanding()?.fault;
  }

  /** The fault for this fetch; takes it off its queue. */
  takeForFetch(): Fault | undefined {
    return this.fetchQueue.shift();
  }

  private currentStanding(): { fault: Fault; endsAtMs: number } | undefined {
    if (this.standing && this.clock.now() >= this.standing.endsAtMs) this.standing = undefined;
    return this.standing;
  }
}

function checkRoom({ length }: readonly Fault[], times: number): void {
  if (length + times <= MAX_QUEUED) return;
  throw new InputError(`at most ${MAX_QUEUED} faults are queued, and there are ${length} already`);
}

/** Whether the message is accepted before things go wrong. */
export function acceptsMessage(fault: Fault): boolean {
  switch (fault.kind) {
    case 'status':
    case 'hang':
    case 'reset':
      return fault.accepted ?? false;
    case 'redirect':
      return false;
    default:
      return true;
  }
}

import type { Limits } from './phone.model.js';

/** What happened to one phone, as it was seen from outside. It can be written as JSON and read again. */
export interface History {
  readonly phone: string;
  readonly limits: Limits;
  /** Of the virtual clock, in milliseconds since 1970. */
  readonly startsAt: number;
  readonly calls: readonly Call[];
  readonly advances: readonly Advance[];
}

export type Call = SendCall | CheckCall | StatusCall;

/** From its request to its answer, in milliseconds of the real clock. */
interface Timed {
  readonly from: number;
  readonly to: number;
  /** Number of the process that was asked. */
  readonly process: number;
  /** Missing when the process died. */
  readonly answer?: Answer;
  /** Meanwhile the process may have lost its store, so that it wrote something down late or never. */
  readonly disturbed: boolean;
}

export interface SendCall extends Timed {
  readonly kind: 'send';
  /** What Twilio was asked, and answered. */
  readonly messages: readonly Message[];
}

export interface CheckCall extends Timed {
  readonly kind: 'check';
  /** The number of the call that sent the code: its place among the calls. */
  readonly of: number;
  /** Whether the code was entered that belongs to this verification. */
  readonly right: boolean;
}

export interface StatusCall extends Timed {
  readonly kind: 'status';
  readonly of: number;
}

/** One request to Twilio. */
export interface Message {
  readonly at: number;
  readonly code: string;
  /** Twilio took it, did not, or left its sender in doubt. */
  readonly outcome: 'accepted' | 'refused' | 'doubtful';
}

/** The parts of an answer that tell something about the phone. */
export interface Answer {
  readonly status: number;
  readonly code?: string;
  readonly reason?: string;
  readonly retryAfterSeconds?: number;
  readonly attemptsLeft?: number;
  readonly id?: string;
  /** Milliseconds since 1970. */
  readonly expiresAt?: number;
  /** Of a verification that was asked for. */
  readonly verification?: string;
}

/** The virtual clock was moved. */
export interface Advance {
  readonly from: number;
  readonly to: number;
  readonly ms: number;
}

import type { StoreKind } from './api.js';
import { patch } from './process.js';

/** What a process that died at a point of a send leaves behind. */
export interface Remains {
  /** Whether the send counts: for the allowance of the phone, its cooldown, and as the one that replaces its code. */
  readonly counts: boolean;
  /** How many messages went out; `unknown` if that is a matter of luck. */
  readonly messages: 0 | 1 | 'unknown';
  /** Whether the store knows that the send is over, so that the cooldown alone is left to wait for. */
  readonly isSettled: boolean;
  /** Whether Twilio refuses the message. */
  readonly isRefused?: true;
  /** Whether its answer is known to whoever asks with the same Idempotency-Key. */
  readonly isAnswered?: true;
}

/** Points of a send, in order, and what a process that dies there leaves behind. */
export const KILL_POINTS: Readonly<Record<string, Remains>> = {
  'before reserve': { counts: false, messages: 0, isSettled: false },
  'code stored, nothing reserved': { counts: false, messages: 0, isSettled: false },
  'after reserve': { counts: true, messages: 0, isSettled: false },
  'before the request': { counts: true, messages: 0, isSettled: false },
  'request written': { counts: true, messages: 'unknown', isSettled: false },
  'before the outcome': { counts: true, messages: 1, isSettled: false },
  'outcome recorded': { counts: true, messages: 1, isSettled: true },
  'before the answer': { counts: true, messages: 1, isSettled: true, isAnswered: true },
  'before the release': { counts: true, messages: 0, isSettled: false, isRefused: true },
  'after the release': { counts: false, messages: 0, isSettled: true, isRefused: true },
};

/** The environment of an ApiProcess that kills itself there, in its first send with an Idempotency-Key. */
export function killedAt(point: string, store: StoreKind): Record<string, string> {
  return { NODE_OPTIONS: patch('kill-points'), KILL_POINT: point, KILL_STORE: store };
}

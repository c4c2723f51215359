/** A code, as a store keeps it. Times are in milliseconds of the store's clock. */
export interface CodeState {
  /** Codes of a phone are numbered in the order in which they were opened, with gaps. */
  readonly number: number;
  readonly expiresAt: number;
  /** What is known of its send. */
  readonly send: 'in_flight' | 'accepted' | 'unknown' | 'failed';
  /** Ids of the attempts that were wrong. */
  readonly guesses: readonly string[];
  /** Id of the attempt that was right. */
  readonly approvedBy?: string;
}

/** What is known of a phone, whichever of its codes is asked about. */
export interface PhoneState {
  /** Nonce of the code in force: the newest whose send was settled and may have gone out. */
  readonly current?: string;
  /** Number of the code that was opened last. */
  readonly opened: number;
  /** The codes up to this number have ended, except the current one. */
  readonly endedThrough: number;
  /** When the last of them did. */
  readonly endedAt: number;
  /** Codes whose send is not settled, and when it counts as interrupted. */
  readonly inFlight: Readonly<Record<string, number>>;
  /** Times of the wrong guesses of the last 24 hours. */
  readonly wrongGuesses: readonly number[];
}

export interface CheckLimits {
  /** Wrong guesses per code. */
  readonly maxAttempts: number;
  /** Wrong guesses per phone in any 24 hours. */
  readonly maxWrongGuesses: number;
}

export const VERIFICATION_STATUSES = [
  'pending',
  'approved',
  'expired',
  'replaced',
  'attempts_exhausted',
  'send_failed',
] as const;
export type VerificationStatus = (typeof VERIFICATION_STATUSES)[number];

export type CheckDecision =
  | { readonly result: 'approved' }
  | { readonly result: 'wrong'; readonly attemptsLeft: number }
  | { readonly result: 'ended'; readonly status: Exclude<VerificationStatus, 'pending'> }
  | { readonly result: 'budget_used'; readonly waitMs: number }
  | { readonly result: 'in_doubt'; readonly nonces: readonly string[] };

const DAY_MS = 24 * 60 * 60 * 1000;
/** Interrupted sends that are remembered for one phone; refused ones pass through here for a moment. */
const MAX_IN_FLIGHT = 8;
/** For the outcome of a send that ended at its deadline to be written down. */
const SETTLEMENT_GRACE_MS = 5_000;

export const UNKNOWN_PHONE: PhoneState = {
  opened: 0,
  endedThrough: 0,
  endedAt: 0,
  inFlight: {},
  wrongGuesses: [],
};

/** How long until another guess is possible for this phone, in milliseconds; 0 is now. */
export function waitForGuess(phone: PhoneState, maxWrongGuesses: number, now: number): number {
  const recent = recentGuesses(phone, now);
  if (recent.length < maxWrongGuesses) return 0;
  return maxWrongGuesses === 0 ? DAY_MS : recent[recent.length - maxWrongGuesses] + DAY_MS - now;
}

/**
 * A code is stored before its send begins; it gets the number `opened`. Numbers begin with the time, so that a phone
 * that a store has forgotten does not bring its earlier codes back.
 * @param sendMs the longest that its send can take
 */
export function open(phone: PhoneState, nonce: string, sendMs: number, now: number): PhoneState {
  const opened = Math.max(phone.opened + 1, now);
  const endedThrough = phone.opened === 0 ? opened - 1 : phone.endedThrough;
  if (Object.keys(phone.inFlight).length >= MAX_IN_FLIGHT) return { ...phone, opened, endedThrough };
  const inFlight = { ...phone.inFlight, [nonce]: now + sendMs + SETTLEMENT_GRACE_MS };
  return { ...phone, opened, endedThrough, inFlight };
}

/** A code whose send was refused is forgotten. */
export function discard(phone: PhoneState, nonce: string): PhoneState {
  const { [nonce]: _, ...inFlight } = phone.inFlight;
  return { ...phone, inFlight };
}

/** The send of a code is over. One that may have gone out replaces the codes before it. Twice is once. */
export function settle(
  phone: PhoneState,
  nonce: string,
  code: CodeState,
  send: 'accepted' | 'unknown' | 'failed',
  now: number,
): { phone: PhoneState; code: CodeState } {
  const settledPhone = discard(phone, nonce);
  if (code.send !== 'in_flight') return { phone: settledPhone, code };
  const replaces = send !== 'failed' && code.number > phone.endedThrough && code.number <= phone.opened;
  return {
    phone: replaces
      ? { ...settledPhone, current: nonce, endedThrough: code.number, endedAt: now }
      : settledPhone,
    code: { ...code, send },
  };
}

/** What has become of a code. */
export function statusOf(
  phone: PhoneState,
  nonce: string,
  code: CodeState,
  maxAttempts: number,
  now: number,
): VerificationStatus {
  if (code.approvedBy !== undefined) return 'approved';
  if (code.send === 'failed') return 'send_failed';
  if (code.guesses.length >= maxAttempts) return 'attempts_exhausted';
  const forgotten = code.number > phone.opened; // the store lost what it knew of the phone
  const replaced = phone.current !== nonce && code.number <= phone.endedThrough;
  if (replaced || forgotten) return code.expiresAt <= phone.endedAt ? 'expired' : 'replaced';
  return code.expiresAt <= now ? 'expired' : 'pending';
}

/**
 * Other sends to the phone that were interrupted: whether they count as sent, and may have replaced this code, is for
 * the store of reservations to say.
 */
export function inDoubt(phone: PhoneState, nonce: string, now: number): readonly string[] {
  return Object.entries(phone.inFlight)
    .filter(([other, interruptedAt]) => other !== nonce && interruptedAt <= now)
    .map(([other]) => other)
    .sort();
}

/**
 * One attempt at a code. A wrong one is counted in the same step in which it is compared; a right one ends the code,
 * and every other code of the phone. The same attempt twice counts once and is answered the same.
 * @param sourceWaitMs how long until another guess is possible for the caller's address; 0 is now
 */
export function check(
  phone: PhoneState,
  nonce: string,
  code: CodeState,
  attempt: { id: string; matches: boolean },
  limits: CheckLimits,
  sourceWaitMs: number,
  now: number,
): { phone: PhoneState; code: CodeState; decision: CheckDecision } {
  const decide = (
    decision: CheckDecision,
  ): { phone: PhoneState; code: CodeState; decision: CheckDecision } => ({
    phone,
    code,
    decision,
  });
  if (code.approvedBy === attempt.id) return decide({ result: 'approved' });
  const repeated = code.guesses.indexOf(attempt.id);
  if (repeated >= 0) return decide(wrong(limits, repeated + 1));

  const status = statusOf(phone, nonce, code, limits.maxAttempts, now);
  if (status !== 'pending') return decide({ result: 'ended', status });
  const nonces = inDoubt(phone, nonce, now);
  if (nonces.length > 0) return decide({ result: 'in_doubt', nonces });
  const waitMs = Math.max(waitForGuess(phone, limits.maxWrongGuesses, now), sourceWaitMs);
  if (waitMs > 0) return decide({ result: 'budget_used', waitMs });

  if (attempt.matches) {
    return {
      phone: { ...phone, current: undefined, endedThrough: phone.opened, endedAt: now },
      code: { ...code, approvedBy: attempt.id },
      decision: { result: 'approved' },
    };
  }
  const guesses = [...code.guesses, attempt.id];
  return {
    phone: { ...phone, wrongGuesses: [...recentGuesses(phone, now), now] },
    code: { ...code, guesses },
    decision: wrong(limits, guesses.length),
  };
}

function wrong({ maxAttempts }: CheckLimits, guesses: number): CheckDecision {
  return { result: 'wrong', attemptsLeft: Math.max(0, maxAttempts - guesses) };
}

function recentGuesses(phone: PhoneState, now: number): readonly number[] {
  return phone.wrongGuesses.filter((time) => time + DAY_MS > now);
}

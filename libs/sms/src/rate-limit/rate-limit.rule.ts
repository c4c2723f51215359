import type { Quota } from './quota.rule.js';
import type { Granted, RateLimit, Refused } from './rate-limit.store.js';

/** One unit of an allowance, as a store keeps it. Times are in milliseconds of the store's clock. */
export interface Reservation {
  readonly id: string;
  readonly reservedAt: number;
  /** The latest time at which its message can have been handed to Twilio. */
  readonly sentBy: number;
  /** Given back after a failed send. It counts against {@link RateLimit.returns} only. */
  readonly returned: boolean;
}

/**
 * The rule of the allowance, once, as a pure function. The embedded store runs it inside a transaction;
 * `reserve.lua` says the same for Redis, and a property test holds one against the other.
 */
export function reserve(
  reservations: readonly Reservation[],
  limit: RateLimit,
  id: string,
  now: number,
): { reservations: readonly Reservation[]; answer: Granted | Refused } {
  const known = reservations.find((reservation) => reservation.id === id);
  if (known && !known.returned) return { reservations, answer: { granted: true } };

  const inWindow = reservations.filter(({ reservedAt }) => reservedAt + limit.windowMs > now);
  const returned = inWindow.filter((reservation) => reservation.returned);
  const taken = inWindow.filter((reservation) => !reservation.returned);
  const windowWaitMs = Math.max(
    waitForUnit(taken, limit.units, limit.windowMs, now),
    waitForUnit(returned, limit.returns, limit.windowMs, now),
    known ? known.reservedAt + limit.windowMs - now : 0, // given back: this id is spent
  );
  const sends = reservations.filter((reservation) => !reservation.returned);
  const cooldownWaitMs =
    limit.cooldownMs === 0 ? 0 : Math.max(0, ...sends.map(({ sentBy }) => sentBy + limit.cooldownMs - now));

  if (windowWaitMs > 0 || cooldownWaitMs > 0) {
    const rule = windowWaitMs >= cooldownWaitMs ? 'window' : 'cooldown';
    return { reservations, answer: { granted: false, rule, waitMs: Math.max(windowWaitMs, cooldownWaitMs) } };
  }
  const reservedAt = Math.max(now, inWindow.at(-1)?.reservedAt ?? 0); // oldest first, even if a clock steps back
  const taking = { id, reservedAt, sentBy: reservedAt + limit.sendMs, returned: false };
  return { reservations: [...inWindow, taking], answer: { granted: true } };
}

/** The send is over: its message can have been handed to Twilio until now, and not later. */
export function keep(reservations: readonly Reservation[], id: string, now: number): readonly Reservation[] {
  return reservations.map((reservation) => {
    if (reservation.id !== id || reservation.returned) return reservation;
    const { reservedAt, sentBy } = reservation;
    return { ...reservation, sentBy: Math.min(sentBy, Math.max(reservedAt, now)) };
  });
}

/** Gives one unit back; a unit that is not there, or was given back before, changes nothing. */
export function release(
  reservations: readonly Reservation[],
  id: string,
  as: 'failed' | 'unused',
): readonly Reservation[] {
  if (as === 'unused')
    return reservations.filter((reservation) => reservation.id !== id || reservation.returned);
  return reservations.map((reservation) =>
    reservation.id === id ? { ...reservation, returned: true } : reservation,
  );
}

export function holds(reservations: readonly Reservation[], id: string): boolean {
  return reservations.some((reservation) => reservation.id === id && !reservation.returned);
}

/** @param waitMs 0 when a unit is free */
export function quotaAnswer({ name }: Quota, waitMs: number): Granted | Refused {
  return waitMs === 0 ? { granted: true } : { granted: false, rule: name, waitMs };
}

/** Granted if all are; else the refusal with the longest wait, the first of equal ones. */
export function longestWait(answers: readonly (Granted | Refused)[]): Granted | Refused {
  const wait = (answer: Granted | Refused): number => (answer.granted ? 0 : answer.waitMs);
  return answers.reduce((longest, answer) => (wait(answer) > wait(longest) ? answer : longest));
}

/** An allowance of which nothing is left. It stands for one that a store cannot read. */
export function exhausted(limit: RateLimit, now: number): readonly Reservation[] {
  const unit = { id: '0'.repeat(16), reservedAt: now, sentBy: now, returned: false };
  return Array.from({ length: Math.max(1, limit.units) }, () => unit);
}

/** How long until fewer than `units` of these are left in the window. With no units at all: one whole window. */
function waitForUnit(taken: readonly Reservation[], units: number, windowMs: number, now: number): number {
  if (taken.length < units) return 0;
  if (units === 0) return windowMs;
  const lastToLeave = taken[taken.length - units];
  return lastToLeave.reservedAt + windowMs - now;
}

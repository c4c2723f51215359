/** What an embedded store remembers of time. Milliseconds. */
export interface ClockState {
  /** The latest time that was ever given out. */
  readonly latest: number;
  /** Added to the computer's clock since it was found to be behind `latest`. */
  readonly lead: number;
}

export const CLOCK_START: ClockState = { latest: 0, lead: 0 };

/**
 * The store's time for a reading of the computer's clock: never before a time that was given out already, so that a
 * clock set back opens no limit; and always going on, so that a clock set back prolongs no limit either.
 */
export function tick({ latest, lead }: ClockState, wallMs: number): ClockState {
  if (wallMs >= latest) return { latest: wallMs, lead: 0 };
  const now = Math.max(latest, wallMs + lead);
  return { latest: now, lead: now - wallMs };
}

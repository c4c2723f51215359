/** What an embedded store remembers of time. Milliseconds. */
export interface ClockState {
  /** The latest time that was ever given out. */
  readonly latest: number;
  /** Added to the computer's clock since it was found to be behind `latest`. */
  readonly lead: number;
}

export const CLOCK_START: ClockState = { latest: 0, lead: 0 };

/**
 * The store's time for a reading of the computer's clock. It is never before a time that was given out already, so that
 * a clock set back opens no limit. It goes on while the clock is behind, so that no limit stays closed until the clock
 * has caught up. And it does not leap when a clock that was set back is set right again: it waits.
 */
export function tick({ latest, lead }: ClockState, wallMs: number): ClockState {
  if (wallMs >= latest) return { latest: wallMs, lead: 0 };
  const ledMs = wallMs + lead;
  const setRight = ledMs - latest > latest - wallMs;
  const now = setRight ? latest : Math.max(latest, ledMs);
  return { latest: now, lead: now - wallMs };
}

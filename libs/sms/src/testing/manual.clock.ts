/** A clock that stands still until a test moves it, so that no test waits for a limit to pass. */
export class ManualClock {
  /** @param time at which it stands, in milliseconds since 1970; that of the computer if it is not given */
  constructor(private time = Date.now()) {}

  /** Milliseconds since 1970. */
  now(): number {
    return this.time;
  }

  /** Lets time pass: `clock.advance(60_000)` is a minute. @throws RangeError for less than 0, since time only goes on */
  advance(milliseconds: number): void {
    if (!(milliseconds >= 0)) throw new RangeError('a clock can be advanced by 0 milliseconds or more');
    this.time += milliseconds;
  }
}

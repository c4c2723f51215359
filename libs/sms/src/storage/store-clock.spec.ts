import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CLOCK_START, tick, type ClockState } from './store-clock.js';

const NOON = Date.UTC(2026, 0, 1, 12);
const DAY_MS = 24 * 60 * 60 * 1000;

/** The times that a store gives for readings of the computer's clock. */
function timesFor(readings: readonly number[]): number[] {
  let clock: ClockState = CLOCK_START;
  return readings.map((wallMs) => (clock = tick(clock, wallMs)).latest);
}

describe("The store's clock", () => {
  it("shows the computer's time while that goes forwards", () => {
    expect(timesFor([NOON, NOON, NOON + 1, NOON + DAY_MS])).toEqual([NOON, NOON, NOON + 1, NOON + DAY_MS]);
  });

  it("stands still for a moment and goes on when the computer's clock is set back a day", () => {
    const back = NOON - DAY_MS;
    expect(timesFor([NOON, back, back, back + 5, back + 1_000])).toEqual([
      NOON,
      NOON,
      NOON,
      NOON + 5,
      NOON + 1_000,
    ]);
  });

  it('shows the right time again once that has come', () => {
    const back = NOON - 1_000;
    expect(timesFor([NOON, back, back + 500, NOON + 500, NOON + 600]).at(-1)).toBe(NOON + 600);
  });

  it('never runs backwards, whatever the computer shows', () => {
    const readings = fc.array(fc.integer({ min: 0, max: 2 ** 42 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(readings, (walls) => {
        const times = timesFor(walls);
        times.forEach((time, index) => expect(time).toBeGreaterThanOrEqual(times[index - 1] ?? 0));
        times.forEach((time, index) => expect(time).toBeGreaterThanOrEqual(walls[index]));
      }),
    );
  });

  it('does not leap when a clock that was set back by mistake is set right again', () => {
    const HOUR_MS = 3_600_000;
    let clock = tick(CLOCK_START, NOON + 5_000); // 5 seconds fast
    clock = tick(clock, NOON - HOUR_MS); // set back by an hour, by mistake
    clock = tick(clock, NOON); // set right
    expect(clock.latest).toBe(NOON + 5_000);
  });

  it('goes on with the computer, however often that is set back, until the right time has come', () => {
    const step = fc.record({
      passMs: fc.integer({ min: 0, max: DAY_MS }),
      setBackMs: fc.integer({ min: 0, max: 3 * DAY_MS }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let clock = tick(CLOCK_START, NOON);
        let wallMs = NOON;
        for (const { passMs, setBackMs } of steps) {
          wallMs -= setBackMs;
          clock = tick(clock, wallMs); // the store is used after the change
          const before = clock.latest;
          wallMs += passMs;
          clock = tick(clock, wallMs);
          // Caught up, it shows the computer's time. Behind, it follows the computer's pace, unless that would bring it
          // further from the computer's time than it is now: then it waits.
          const leaps = passMs > before - wallMs;
          expect(clock.latest).toBe(wallMs >= before ? wallMs : leaps ? before : before + passMs);
        }
      }),
    );
  });
});

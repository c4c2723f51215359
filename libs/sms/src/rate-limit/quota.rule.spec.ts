import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { giveBackToQuota, takeFromQuota, waitForQuota, type Quota, type QuotaUse } from './quota.rule.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = 1_800_000_000_000;

const quotas = fc
  .record({
    units: fc.integer({ min: 1, max: 6 }),
    bucketMs: fc.constantFrom(1, 1_000, MINUTE, 15 * MINUTE),
    buckets: fc.integer({ min: 1, max: 100 }),
  })
  .map(({ units, bucketMs, buckets }): Quota => {
    return { name: 'source', key: 'source', units, bucketMs, windowMs: bucketMs * buckets };
  });

/** Time passes, in parts of a window; then somebody asks, or gives one of the units back that were taken. */
const steps = fc.array(
  fc.record({
    windowsPassed: fc.oneof(
      fc.constantFrom(0, 1),
      fc.integer({ min: 0, max: 1_200 }).map((thousandths) => thousandths / 1_000),
    ),
    giveBack: fc.option(fc.nat({ max: 5 }), { nil: undefined }),
  }),
  { minLength: 1, maxLength: 60 },
);

interface Taking {
  readonly at: number;
}

/** Runs the steps. @returns what was taken and not given back, and a look at each moment */
function run(
  quota: Quota,
  all: { windowsPassed: number; giveBack?: number }[],
  look: (use: QuotaUse, now: number) => void = () => undefined,
): Taking[] {
  let use: QuotaUse = {};
  let now = START;
  const taken: Taking[] = [];
  for (const { windowsPassed, giveBack } of all) {
    now += Math.floor(windowsPassed * quota.windowMs);
    const given = giveBack === undefined ? undefined : taken.at(-1 - giveBack);
    if (given) {
      use = giveBackToQuota(use, quota, given.at);
      taken.splice(taken.indexOf(given), 1);
    } else if (waitForQuota(use, quota, now) === 0) {
      use = takeFromQuota(use, quota, now);
      taken.push({ at: now });
    }
    look(use, now);
  }
  return taken;
}

describe('A quota', () => {
  it('is never exceeded in any window, whatever is asked and given back', () => {
    fc.assert(
      fc.property(quotas, steps, (quota, all) => {
        const taken = run(quota, all);
        taken.slice(quota.units).forEach(({ at }, index) => {
          expect(at - taken[index].at).toBeGreaterThanOrEqual(quota.windowMs);
        });
      }),
      { numRuns: 500 },
    );
  });

  it('is free after the wait that it names, not before, and never later than one bucket after the window', () => {
    fc.assert(
      fc.property(quotas, steps, (quota, all) => {
        run(quota, all, (use, now) => {
          const wait = waitForQuota(use, quota, now);
          if (wait === 0) return;
          expect(wait).toBeLessThanOrEqual(quota.windowMs + quota.bucketMs);
          expect(waitForQuota(use, quota, now + wait)).toBe(0);
          expect(waitForQuota(use, quota, now + wait - 1)).toBe(1);
        });
      }),
      { numRuns: 500 },
    );
  });

  it('refuses nothing while fewer units are taken than there are', () => {
    fc.assert(
      fc.property(quotas, steps, (quota, all) => {
        let use: QuotaUse = {};
        let [now, taken] = [START, 0];
        for (const { windowsPassed } of all.slice(0, quota.units)) {
          now += Math.floor(windowsPassed * quota.windowMs);
          expect(waitForQuota(use, quota, now)).toBe(0);
          use = takeFromQuota(use, quota, now);
          taken += 1;
        }
        expect(Object.values(use).reduce((sum, units) => sum + units, 0)).toBeLessThanOrEqual(taken);
      }),
    );
  });

  it('does not grow with its use: it keeps one number for each bucket of the window', () => {
    fc.assert(
      fc.property(quotas, steps, (quota, all) => {
        run({ ...quota, units: 1_000 }, all, (use) => {
          expect(Object.keys(use).length).toBeLessThanOrEqual(quota.windowMs / quota.bucketMs + 2);
        });
      }),
    );
  });

  it('waits longer when it was lowered, until few enough are left', () => {
    const quota: Quota = { name: 'source', key: 'source', units: 3, windowMs: HOUR, bucketMs: MINUTE };
    let use: QuotaUse = {};
    for (const minute of [0, 10, 20]) use = takeFromQuota(use, quota, START + minute * MINUTE);
    const now = START + 20 * MINUTE;
    const waits = [3, 2, 1].map((units) => waitForQuota(use, { ...quota, units }, now) / MINUTE);
    expect(waits).toEqual([41, 51, 61]);
  });

  it('of 0 is never granted, and names a day', () => {
    const quota: Quota = { name: 'total', key: 'total', units: 0, windowMs: HOUR, bucketMs: MINUTE };
    expect(waitForQuota({}, quota, START)).toBe(24 * HOUR);
  });

  it('takes back nothing that it does not hold', () => {
    const quota: Quota = { name: 'source', key: 'source', units: 1, windowMs: HOUR, bucketMs: MINUTE };
    const use = takeFromQuota({}, quota, START);
    expect(giveBackToQuota(use, quota, START + MINUTE)).toEqual(use);
    expect(giveBackToQuota(giveBackToQuota(use, quota, START), quota, START)).toEqual({});
  });
});

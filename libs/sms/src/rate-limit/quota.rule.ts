/** What a quota is counted for: one caller, or everybody. */
export type QuotaName = 'source' | 'total';

/**
 * An allowance that many phones share. It is counted in buckets, so that what is stored does not grow with its use:
 * never more than `units` in any window, and a unit is free again up to one bucket later than it could be.
 */
export interface Quota {
  readonly name: QuotaName;
  /** Whom it is counted for; stores keep only a keyed hash of it. */
  readonly key: string;
  /** 0 means none. */
  readonly units: number;
  /** Length of the rolling window in milliseconds. */
  readonly windowMs: number;
  readonly bucketMs: number;
}

/** Units by the number of their bucket: the time at which they were taken, divided by the length of a bucket. */
export type QuotaUse = Readonly<Record<string, number>>;

/** A quota of 0 is never granted; its refusals name a day. */
const DAY_MS = 24 * 60 * 60 * 1000;

/** How long until a unit is free, in milliseconds; 0 is now. `quota.lua` says the same for Redis. */
export function waitForQuota(use: QuotaUse, quota: Quota, now: number): number {
  if (quota.units === 0) return DAY_MS;
  const buckets = Object.entries(inWindow(use, quota, now));
  let used = buckets.reduce((sum, [, units]) => sum + units, 0);
  if (used < quota.units) return 0;
  for (const [bucket, units] of buckets) {
    used -= units;
    if (used < quota.units) return leavesWindowAt(Number(bucket), quota) - now;
  }
  return 0;
}

/**
 * Takes one unit, whether one is free or not.
 * @param takenAt what it is counted for: later than now when a clock was set back, see `reserve` in rate-limit.rule.ts
 */
export function takeFromQuota(use: QuotaUse, quota: Quota, now: number, takenAt = now): QuotaUse {
  const bucket = Math.floor(takenAt / quota.bucketMs);
  return { ...inWindow(use, quota, now), [bucket]: (use[bucket] ?? 0) + 1 };
}

/** Gives back a unit that was taken at a time. */
export function giveBackToQuota(use: QuotaUse, quota: Quota, takenAt: number): QuotaUse {
  const bucket = Math.floor(takenAt / quota.bucketMs);
  const { [bucket]: units = 0, ...others } = use;
  return units > 1 ? { ...others, [bucket]: units - 1 } : others;
}

/** Oldest first: a bucket counts until its last moment has left the window. */
function inWindow(use: QuotaUse, quota: Quota, now: number): QuotaUse {
  const buckets = Object.entries(use).filter(([bucket]) => leavesWindowAt(Number(bucket), quota) > now);
  return Object.fromEntries(buckets.toSorted(([one], [other]) => Number(one) - Number(other)));
}

function leavesWindowAt(bucket: number, { bucketMs, windowMs }: Quota): number {
  return (bucket + 1) * bucketMs + windowMs;
}

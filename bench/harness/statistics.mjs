// Numbers of several rounds, and what is said of them.

/** The value below which this share of the values lies (nearest rank). */
export function quantile(values, share) {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** The middle one, or the mean of the two in the middle. */
export function median(values) {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return Number.NaN;
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median, smallest and largest. */
export function summary(values) {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) };
}

/** Of one value by another, round by round, since the two were measured beside each other. */
export function ratio(numerators, denominators) {
  const byRound = numerators.map((numerator, round) => numerator / denominators[round]);
  return {
    median: median(numerators) / median(denominators),
    least: Math.min(...byRound),
    most: Math.max(...byRound),
  };
}

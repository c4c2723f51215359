import { describe, expect, it } from '@jest/globals';
import { median, quantile, ratio, summary } from '../../bench/harness/statistics.mjs';

describe('The numbers of the benchmark', () => {
  it('have a median that one disturbed round does not move, and a range that shows it', () => {
    expect(summary([181, 420, 179])).toEqual({ median: 181, least: 179, most: 420 });
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it('name the slowest answers by rank, not by a value that nobody waited for', () => {
    const milliseconds = Array.from({ length: 200 }, (_, index) => 200 - index);
    expect(quantile(milliseconds, 0.5)).toBe(100);
    expect(quantile(milliseconds, 0.99)).toBe(198);
    expect(quantile([7], 0.99)).toBe(7);
  });

  it('compare what was measured beside each other: the medians, and each round by itself', () => {
    expect(ratio([100, 220, 90], [50, 200, 30])).toEqual({ median: 2, least: 1.1, most: 3 });
  });

  it('are missing, rather than zero, where nothing was measured', () => {
    expect(median([])).toBeNaN();
    expect(quantile([], 0.5)).toBeNaN();
  });
});

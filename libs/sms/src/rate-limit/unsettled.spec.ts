import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { StoreUnavailableError } from '../sms.errors.js';
import { Unsettled } from './unsettled.js';

const unavailable = (): Promise<void> => Promise.reject(new StoreUnavailableError('unreachable'));

describe('A settlement that the store could not take', () => {
  beforeEach(() => {
    Logger.overrideLogger(false);
    jest.useFakeTimers();
  });
  afterEach(() => void jest.useRealTimers());

  it('is tried again until the store takes it, and then no more', async () => {
    let tries = 0;
    const unsettled = new Unsettled();
    await unsettled.settle(async () => {
      tries += 1;
      if (tries < 3) await unavailable();
    });
    await jest.advanceTimersByTimeAsync(10_000);
    expect(tries).toBe(3);
  });

  it('does not wait behind one that can never be written', async () => {
    const settled: string[] = [];
    const unsettled = new Unsettled();
    unsettled.later(() => Promise.reject(new TypeError('a fault of the host')));
    unsettled.later(async () => void settled.push('release'));
    await jest.advanceTimersByTimeAsync(1_000);
    expect(settled).toEqual(['release']);
  });

  it('does not wait behind those whose part of the store is away', async () => {
    const settled: string[] = [];
    const unsettled = new Unsettled();
    for (let time = 0; time < 5; time += 1) unsettled.later(unavailable);
    unsettled.later(async () => void settled.push('release'));
    await jest.advanceTimersByTimeAsync(2_000);
    expect(settled).toEqual(['release']);
  });

  it('is tried once more at shutdown, also while a round is under way', async () => {
    const settled: string[] = [];
    let answer = (): void => undefined;
    const unsettled = new Unsettled();
    unsettled.later(async () => {
      await new Promise<void>((resolve) => (answer = resolve));
      settled.push('first');
    });
    unsettled.later(async () => void settled.push('second'));
    await jest.advanceTimersByTimeAsync(1_000);
    const closing = unsettled.close();
    answer();
    await closing;
    expect(settled).toEqual(['first', 'second']);
  });
});

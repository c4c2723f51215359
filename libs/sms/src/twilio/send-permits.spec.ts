import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { ServerBusyError, SmsConnectionFailedError } from '../sms.errors.js';
import type { TwilioAnswer } from '../sms.observer.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { SendPermits, type SendPermit } from './send-permits.js';

Logger.overrideLogger(false);

let nowMs: number;
let permits: SendPermits;
beforeEach(() => {
  jest.useFakeTimers();
  nowMs = 1_000_000;
  permits = new SendPermits(3, new CircuitBreaker('api.twilio.com', 10_000, () => nowMs));
});
afterEach(() => {
  jest.useRealTimers();
});

const acquire = (times: number): Promise<SendPermit>[] =>
  Array.from({ length: times }, () => permits.acquire());

/** What became of each so far. */
async function statesOf(acquiring: Promise<SendPermit>[]): Promise<string[]> {
  const states: string[] = acquiring.map(() => 'waiting');
  acquiring.forEach((one, index) => {
    one.then(
      () => (states[index] = 'admitted'),
      (error: Error) => (states[index] = error.name),
    );
  });
  await jest.advanceTimersByTimeAsync(0);
  return states;
}

function fail(permit: SendPermit, times: number, answer: TwilioAnswer): void {
  for (let time = 0; time < times; time += 1) permit.record(answer);
}

describe('Permits for three sends at a time', () => {
  it('let three be under way and three wait, and refuse the seventh at once', async () => {
    const acquiring = acquire(7);
    expect(await statesOf(acquiring)).toEqual([
      'admitted',
      'admitted',
      'admitted',
      'waiting',
      'waiting',
      'waiting',
      'ServerBusyError',
    ]);
    await jest.advanceTimersByTimeAsync(1_000);
    expect((await statesOf(acquiring)).slice(3)).toEqual(Array(4).fill('ServerBusyError'));
  });

  it('go to those who wait, in the order in which they came, and once each', async () => {
    const [first, second] = await Promise.all(acquire(3));
    const waiting = acquire(3);
    first.release();
    first.release();
    expect(await statesOf(waiting)).toEqual(['admitted', 'waiting', 'waiting']);
    second.release();
    expect(await statesOf(waiting)).toEqual(['admitted', 'admitted', 'waiting']);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await statesOf(waiting)).toEqual(['admitted', 'admitted', 'ServerBusyError']);
  });

  it('are all there again after a rush', async () => {
    const acquiring = acquire(20);
    await jest.advanceTimersByTimeAsync(1_000);
    for (const permit of await Promise.allSettled(acquiring)) {
      if (permit.status === 'fulfilled') permit.value.release();
    }
    expect(await statesOf(acquire(4))).toEqual(['admitted', 'admitted', 'admitted', 'waiting']);
    await jest.advanceTimersByTimeAsync(1_000);
  });

  it('are closed: nobody gets one any more, and it is over when those under way have ended', async () => {
    const [first, ...others] = await Promise.all(acquire(3));
    const waiting = acquire(1);
    let ended = false;
    const closing = permits.close().then(() => (ended = true));
    expect(await statesOf([...waiting, ...acquire(1)])).toEqual(['ServerBusyError', 'ServerBusyError']);
    for (const permit of others) permit.release();
    await jest.advanceTimersByTimeAsync(0);
    expect(ended).toBe(false);
    first.release();
    await closing;
  });

  it('are closed at once when nothing is under way', async () => {
    await permits.close();
    expect(permits.isClosed).toBe(true);
  });
});

describe('While Twilio does not answer', () => {
  it.each(['5xx', 'no_answer', 'unreachable'] as const)('no send begins: %s', async (answer) => {
    const permit = await permits.acquire();
    fail(permit, 10, answer);
    expect(permit.mayRetry).toBe(false);
    await expect(permits.acquire()).rejects.toMatchObject({
      name: SmsConnectionFailedError.name,
      mayArrive: false,
      retryAfterSeconds: 1,
    });
  });

  it.each(['2xx', '3xx', '4xx'] as const)('is not the case with the answer %s', async (answer) => {
    const permit = await permits.acquire();
    fail(permit, 100, answer);
    expect(permit.mayRetry).toBe(true);
    await permits.acquire();
  });

  it('those who wait are told so, and leave their place to others', async () => {
    const [first, ...others] = await Promise.all(acquire(3));
    const waiting = acquire(1);
    const states = statesOf(waiting);
    fail(first, 10, 'unreachable');
    first.release();
    expect(await states).toEqual([SmsConnectionFailedError.name]);
    for (const permit of others) permit.release();
    await permits.close();
  });

  it('one send is let through after a second; refused before it asked, it leaves the try to another', async () => {
    const permit = await permits.acquire();
    fail(permit, 10, '5xx');
    permit.release();
    nowMs += 1_000;
    const probe = await permits.acquire();
    await expect(permits.acquire()).rejects.toBeInstanceOf(SmsConnectionFailedError);
    probe.release();
    const second = await permits.acquire();
    second.record('2xx');
    expect(second.mayRetry).toBe(true);
    await permits.acquire();
  });

  it('a process that is about to end says that it is busy', async () => {
    await permits.close();
    await expect(permits.acquire()).rejects.toBeInstanceOf(ServerBusyError);
  });
});

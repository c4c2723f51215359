import { beforeEach, describe, expect, it } from '@jest/globals';
import { captureLog } from '../../../../test/support/log.js';
import { CircuitBreaker } from './circuit-breaker.js';

const events = captureLog();

let nowMs: number;
let breaker: CircuitBreaker;
beforeEach(() => {
  nowMs = 1_000_000;
  breaker = new CircuitBreaker('api.twilio.com', 10_000, () => nowMs);
});

function record(times: number, answered: boolean): void {
  for (let time = 0; time < times; time += 1) breaker.record(answered);
}

describe('A circuit breaker', () => {
  it('lets everything through while fewer than ten requests failed', () => {
    record(9, false);
    expect([breaker.isOpen, breaker.waitMs]).toEqual([false, 0]);
  });

  it('opens for a second when ten requests failed', () => {
    record(10, false);
    expect([breaker.isOpen, breaker.waitMs]).toEqual([true, 1_000]);
    nowMs += 999;
    expect(breaker.waitMs).toBe(1);
  });

  it('opens when half of the requests fail, and not before', () => {
    record(11, true);
    record(10, false);
    expect(breaker.isOpen).toBe(false);
    record(1, false);
    expect(breaker.isOpen).toBe(true);
  });

  it('does not open when a request succeeds, although those that succeeded before the failures are forgotten', () => {
    record(20, true);
    nowMs += 5_000;
    record(19, false);
    nowMs += 5_000;
    record(1, true);
    expect(breaker.isOpen).toBe(false);
    record(1, false);
    expect(breaker.isOpen).toBe(true);
  });

  it('asks those who come while it probes to wait until the probe is over, and until the next one is due', () => {
    record(10, false);
    nowMs += breaker.waitMs;
    const probe = breaker.enter();
    expect(breaker.waitMs).toBe(10_000 + 2_000);
    nowMs += 10_000;
    breaker.record(false, probe);
    expect(breaker.waitMs).toBe(2_000);
  });

  it('says once that it opened, and once that it closed', () => {
    events.length = 0;
    record(20, false);
    for (let probe = 0; probe < 3; probe += 1) {
      nowMs += breaker.waitMs;
      breaker.record(probe === 2, breaker.enter());
    }
    expect(events).toEqual([
      { level: 'error', event: 'twilio.breaker_opened', host: 'api.twilio.com', requests: 10, failures: 10 },
      { level: 'log', event: 'twilio.breaker_closed', host: 'api.twilio.com' },
    ]);
  });

  it('forgets failures after ten seconds', () => {
    record(9, false);
    nowMs += 10_000;
    record(9, false);
    expect(breaker.isOpen).toBe(false);
  });

  it('remembers failures of five seconds ago', () => {
    record(9, false);
    nowMs += 5_000;
    record(1, false);
    expect(breaker.isOpen).toBe(true);
  });

  describe('that opened a second ago', () => {
    beforeEach(() => {
      record(10, false);
      nowMs += 1_000;
    });

    it('lets one send through, and no other until that one has ended', () => {
      expect(breaker.waitMs).toBe(0);
      expect(breaker.enter()).toBeDefined();
      expect(breaker.waitMs).toBeGreaterThan(0);
      nowMs += 60_000;
      expect(breaker.waitMs).toBeGreaterThan(0);
    });

    it('closes when that one is answered', () => {
      breaker.record(true, breaker.enter());
      expect([breaker.isOpen, breaker.waitMs]).toEqual([false, 0]);
      record(9, false);
      expect(breaker.isOpen).toBe(false);
    });

    it('stays open longer each time that one fails, up to five seconds', () => {
      const waits: number[] = [];
      for (let probe = 0; probe < 4; probe += 1) {
        breaker.record(false, breaker.enter());
        waits.push(breaker.waitMs);
        nowMs += breaker.waitMs;
      }
      expect(waits).toEqual([2_000, 4_000, 5_000, 5_000]);
    });

    it('lets another one through when that one ended without asking', () => {
      breaker.leave(breaker.enter());
      expect(breaker.waitMs).toBe(0);
    });

    it('is not moved by requests that were on their way when it opened', () => {
      record(20, true);
      expect(breaker.isOpen).toBe(true);
      const probe = breaker.enter();
      record(20, false);
      breaker.record(true, probe);
      expect(breaker.isOpen).toBe(false);
    });

    it('counts only the first request of the one that is let through', () => {
      const probe = breaker.enter();
      breaker.record(false, probe);
      breaker.record(true, probe);
      expect(breaker.isOpen).toBe(true);
    });
  });
});

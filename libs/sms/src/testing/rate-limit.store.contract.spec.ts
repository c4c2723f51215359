import { describe, expect, it } from '@jest/globals';
import type { Granted, Quota, RateLimit, RateLimitStore, Refused } from '@app/sms';
import { ManualClock, MemoryRateLimitStore, rateLimitStoreContract } from '@app/sms/testing';

/** Runs the suite without a test runner. @returns the tests, and those that a store fails, with what was said */
async function failuresOf(
  createStore: (clock: ManualClock) => RateLimitStore,
): Promise<{ tests: number; failed: string[]; saying: string[]; closed: number }> {
  const tests: [string, () => Promise<void>][] = [];
  const ends: (() => Promise<void>)[] = [];
  let closed = 0;
  rateLimitStoreContract({
    describe: (_, body) => body(),
    it: (name, body) => tests.push([name, body]),
    afterAll: (body) => ends.push(body),
    create: () => {
      const clock = new ManualClock();
      const store = createStore(clock);
      return { store, advance: (ms) => clock.advance(ms), close: () => void (closed += 1) };
    },
  });
  const failed: string[] = [];
  const saying: string[] = [];
  for (const [name, body] of tests) {
    await body().catch(({ message }: Error) => {
      failed.push(name);
      saying.push(message);
    });
  }
  for (const end of ends) await end();
  return { tests: tests.length, failed, saying, closed };
}

describe('The suite for a store of your own', () => {
  it('passes for a right one, and closes what it was given', async () => {
    const { tests, failed, closed } = await failuresOf((clock) => new MemoryRateLimitStore(clock));
    expect(failed).toEqual([]);
    expect(tests).toBe(35);
    expect(closed).toBe(2);
  });

  it('names what is wrong with one that knows no cooldown', async () => {
    class WithoutCooldown extends MemoryRateLimitStore {
      override reserve(
        key: string,
        limit: RateLimit,
        id: string,
        quotas?: readonly Quota[],
      ): Promise<Granted | Refused> {
        return super.reserve(key, { ...limit, cooldownMs: 0 }, id, quotas);
      }
    }
    const { failed, saying } = await failuresOf((clock) => new WithoutCooldown(clock));
    expect(failed).toContain(
      'refuses until the cooldown since the end of the last send is over, to the millisecond',
    );
    expect(failed).not.toContain('never grants a reservation again that was given back');
    expect(saying).toContain('it is to be refused, and is granted');
  });

  it('names what is wrong with one that is not atomic', async () => {
    class ReadThenWrite extends MemoryRateLimitStore {
      private readonly taken = new Map<string, number>();
      override async reserve(key: string, limit: RateLimit): Promise<Granted | Refused> {
        const taken = this.taken.get(key) ?? 0;
        await Promise.resolve();
        this.taken.set(key, taken + 1);
        return taken < limit.units ? { granted: true } : { granted: false, rule: 'window', waitMs: 1 };
      }
    }
    const { failed } = await failuresOf((clock) => new ReadThenWrite(clock));
    expect(failed).toContain('grants exactly the allowance, however many ask at once');
  });

  it('names what is wrong with one that gives no quota back', async () => {
    class GivesNoQuotaBack extends MemoryRateLimitStore {
      override release(key: string, id: string, as: 'failed' | 'unused'): Promise<void> {
        return super.release(key, id, as);
      }
    }
    const { failed } = await failuresOf((clock) => new GivesNoQuotaBack(clock));
    expect(failed).toEqual([
      'gives a unit back exactly once, however often and at once it is released',
      'gives a unit back to the quotas that are named, and to no other',
      'gives a unit back to the time at which it was taken',
    ]);
  });

  it('reports a store that cannot be made in each test, and has nothing to close', async () => {
    const { tests, saying, closed } = await failuresOf(() => {
      throw new Error('no database');
    });
    expect(saying).toEqual(Array(tests).fill('no database'));
    expect(closed).toBe(0);
  });
});

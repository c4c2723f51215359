import type { RateLimitStore } from '../rate-limit/rate-limit.store.js';
import { allowanceContract } from './allowance.contract.js';
import { quotaContract } from './quota.contract.js';

/** A store, the time that it counts by, and its end. */
export interface StoreUnderTest {
  readonly store: RateLimitStore;
  /** Lets time pass for the store, without waiting. */
  advance(milliseconds: number): void | Promise<void>;
  close(): void | Promise<void>;
}

/** What the suite needs of a test runner. Jest, Vitest and `node:test` have it. */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (name: string, body: () => Promise<void>) => unknown;
  /** `after` in `node:test`. */
  readonly afterAll: (body: () => Promise<void>) => unknown;
}

export interface RateLimitStoreContractOptions extends TestRunner {
  /** Begins the names of the tests, such as `Redis`. @default The store */
  readonly name?: string;
  /** Is called once for each part of the suite. Keys are random, so that runs may share what is behind the store. */
  readonly create: () => StoreUnderTest | Promise<StoreUnderTest>;
}

/** Runs a test with the store of its part of the suite. */
export type TestOfStore = (
  name: string,
  test: (store: RateLimitStore, advance: (milliseconds: number) => Promise<void>) => Promise<void>,
) => void;

/**
 * What every {@link RateLimitStore} must do, as a suite for a store of your own. The stores of the library pass it.
 *
 * ```ts
 * import { after as afterAll, describe, it } from 'node:test'; // or from jest or vitest
 * import { ManualClock, rateLimitStoreContract } from '@xiaozhi/sms/testing';
 *
 * rateLimitStoreContract({
 *   describe,
 *   it,
 *   afterAll,
 *   create: () => {
 *     const clock = new ManualClock();
 *     const store = new PostgresRateLimitStore({ now: () => clock.now() });
 *     return { store, advance: (milliseconds) => clock.advance(milliseconds), close: () => store.close() };
 *   },
 * });
 * ```
 */
export function rateLimitStoreContract(options: RateLimitStoreContractOptions): void {
  const { name = 'The store' } = options;
  describePart(`${name} as a rate-limit store`, options, allowanceContract);
  describePart(`${name} as a store of quotas`, options, quotaContract);
}

function describePart(
  name: string,
  { describe, it, afterAll, create }: RateLimitStoreContractOptions,
  contract: (test: TestOfStore) => void,
): void {
  describe(name, () => {
    let created: Promise<StoreUnderTest> | undefined;
    contract((sentence, test) => {
      it(sentence, async () => {
        const under = await (created ??= (async () => create())());
        await test(under.store, async (milliseconds) => under.advance(milliseconds));
      });
    });
    afterAll(async () => (await created?.catch(() => undefined))?.close());
  });
}

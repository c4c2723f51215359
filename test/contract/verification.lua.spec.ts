import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RedisStorage } from '@app/sms/internals';
import { EmbeddedVerificationStore } from '../../apps/api/src/verification/embedded-verification.store.js';
import { PURPOSES } from '../../apps/api/src/verification/purpose.js';
import { RedisVerificationStore } from '../../apps/api/src/verification/redis-verification.store.js';
import { VerificationId } from '../../apps/api/src/verification/verification-id.js';
import type { VerificationStore } from '../../apps/api/src/verification/verification.store.js';
import { macOf, SEALED_PHONE } from '../support/sealed-code.js';
import { embeddedUnderTest, newId, redisUnderTest, type StorageUnderTest } from '../support/stores.js';

let embedded: StorageUnderTest & { store: VerificationStore };
let redis: StorageUnderTest<RedisStorage> & { store: VerificationStore };

beforeAll(async () => {
  const [lmdb, server] = await Promise.all([embeddedUnderTest(), redisUnderTest()]);
  embedded = { ...lmdb, store: new EmbeddedVerificationStore(lmdb.storage) };
  redis = { ...server, store: new RedisVerificationStore(server.storage) };
  await server.advance((await lmdb.now()) - (await server.now()));
});
afterAll(() => Promise.all([embedded.close(), redis.close()]));

const MINUTE = 60_000;
/** A code is known for so long. */
const KNOWN_MS = 70 * MINUTE;
const CODES = 10;
const code = fc.integer({ min: 0, max: CODES - 1 });
const attempt = fc.constantFrom(
  'attempt-one',
  'attempt-two',
  'attempt-333',
  'attempt-444',
  'attempt-555',
  'attempt-666',
);
const maxWrongGuesses = fc.constantFrom(0, 2, 4, 20);

/** One thing that can happen to a phone. */
const step = fc.oneof(
  fc.record({
    do: fc.constant('pass' as const),
    ms: fc.constantFrom(1, 999, 15_000, MINUTE, 10 * MINUTE, KNOWN_MS, 24 * 60 * MINUTE),
  }),
  fc.record({ do: fc.constant('open' as const), code, maxWrongGuesses }),
  fc.record({
    do: fc.constant('report' as const),
    code,
    report: fc.record({
      delivery: fc.constantFrom('queued', 'sent', 'delivered', 'undelivered', 'failed'),
      twilioCode: fc.option(fc.constantFrom(30003, 30006), { nil: undefined }),
    }),
  }),
  fc.record({ do: fc.constant('claimRefresh' as const), code }),
  fc.record({
    do: fc.constant('settle' as const),
    code,
    send: fc.constantFrom('accepted', 'unknown', 'failed'),
  }),
  fc.record({ do: fc.constant('discard' as const), code }),
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('check' as const),
      code,
      attempt,
      right: fc.boolean(),
      maxAttempts: fc.constantFrom(0, 2, 5),
      maxWrongGuesses,
    }),
  },
  fc.record({ do: fc.constant('find' as const), code }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Lets time pass for the keys of a phone too: their lives are counted by the clock of Redis, not by the test's. */
async function ageKeys(tag: string, ms: number): Promise<void> {
  const { client } = redis.storage;
  for (const key of await client.keys(`sms:{${tag}}*`))
    await client.pexpire(key, (await client.pttl(key)) - ms);
}

async function take(
  { store, advance }: Pick<typeof embedded, 'store' | 'advance'>,
  ids: readonly VerificationId[],
  action: Step,
): Promise<unknown> {
  switch (action.do) {
    case 'pass':
      return advance(action.ms);
    case 'open':
      return store.open(
        ids[action.code],
        {
          mac: macOf(`right-${action.code}`),
          sealedPhone: SEALED_PHONE,
          purpose: PURPOSES[action.code % PURPOSES.length],
        },
        { ttlMs: 10 * MINUTE, maxWrongGuesses: action.maxWrongGuesses, sendMs: 10_000 },
      );
    case 'settle':
      return store.settle(
        ids[action.code],
        action.send === 'failed'
          ? { send: 'failed', failure: 'opted_out' }
          : { send: action.send as 'accepted', sid: 'SM0123' },
      );
    case 'discard':
      return store.discard(ids[action.code]);
    case 'check':
      return store.check(
        ids[action.code],
        { id: action.attempt, mac: macOf(action.right ? `right-${action.code}` : 'wrong') },
        { maxAttempts: action.maxAttempts, maxWrongGuesses: action.maxWrongGuesses },
      );
    case 'report':
      return store.report(ids[action.code], action.report);
    case 'claimRefresh':
      return store.claimRefresh(ids[action.code], 15_000);
    case 'find':
      return store.find(ids[action.code], 5);
  }
}

it('the scripts of Redis answer as the rule does in the embedded store, whatever happens in whatever order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const first = VerificationId.create(newId());
      const ids = Array.from({ length: CODES }, () => first.sibling(newId()));
      for (const action of steps) {
        if (action.do === 'pass') await ageKeys(first.tag, action.ms);
        const answers = [await take(embedded, ids, action), await take(redis, ids, action)];
        expect(answers[1]).toEqual(answers[0]);
      }
    }),
    { numRuns: 150 },
  );
});

import { expect, it } from '@jest/globals';
import { PhoneRecord } from '@app/sms/internals';
import { EmbeddedVerificationStore } from '../../apps/api/src/verification/embedded-verification.store.js';
import { RedisVerificationStore } from '../../apps/api/src/verification/redis-verification.store.js';
import { VerificationId } from '../../apps/api/src/verification/verification-id.js';
import { macOf, sealedCode } from '../support/sealed-code.js';
import { embeddedUnderTest, newId, redisUnderTest } from '../support/stores.js';
import { describeGuessesOfASource } from './guesses-of-a-source.contract.js';
import { describeVerificationStore } from './verification.store.contract.js';

for (const describeStore of [describeVerificationStore, describeGuessesOfASource]) {
  describeStore('The embedded store', async () => {
    const under = await embeddedUnderTest();
    return { under, store: new EmbeddedVerificationStore(under.storage) };
  });

  describeStore('Redis', async () => {
    const under = await redisUnderTest();
    return { under, store: new RedisVerificationStore(under.storage) };
  });
}

it('A phone of whose codes Redis has lost track brings no replaced code back, now or with the next code', async () => {
  const under = await redisUnderTest();
  const store = new RedisVerificationStore(under.storage);
  const limits = { ttlMs: 600_000, maxWrongGuesses: 20, sendMs: 10_000 };
  const send = async (id: VerificationId): Promise<void> => {
    await store.open(id, sealedCode(), limits);
    await store.settle(id, { send: 'accepted', sid: 'SM0123' });
    await under.advance(60_000);
  };
  const check = (id: VerificationId) =>
    store.check(
      id,
      { id: newId().slice(0, 11), mac: macOf('right') },
      { maxAttempts: 5, maxWrongGuesses: 20 },
    );
  try {
    const old = VerificationId.create(newId());
    const current = old.sibling(newId());
    await send(old);
    await send(current);
    await under.storage.client.hdel(PhoneRecord.keyOf(old.tag), 'c');
    for (const id of [old, current])
      expect(await check(id)).toMatchObject({ result: 'ended', status: 'replaced' });
    const next = old.sibling(newId());
    await send(next);
    for (const id of [old, current])
      expect(await check(id)).toMatchObject({ result: 'ended', status: 'replaced' });
    expect(await check(next)).toMatchObject({ result: 'approved' });
  } finally {
    await under.close();
  }
});

it('A report about a code that Redis does not know leaves no key behind', async () => {
  const under = await redisUnderTest();
  const store = new RedisVerificationStore(under.storage);
  try {
    const id = VerificationId.create(newId());
    await store.report(id, { delivery: 'delivered' });
    await store.claimRefresh(id, 1_000);
    expect(await under.storage.client.keys(`sms:{${id.tag}}*`)).toEqual([]);
  } finally {
    await under.close();
  }
});

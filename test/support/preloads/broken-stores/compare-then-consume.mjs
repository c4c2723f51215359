// A store of codes that compares a code, and marks it as used in the next trip.
import { RedisVerificationStore } from '../../../../dist/apps/api/src/verification/redis-verification.store.js';

const { value: check } = Object.getOwnPropertyDescriptor(RedisVerificationStore.prototype, 'check');
RedisVerificationStore.prototype.check = async function (id, attempt, limits, source) {
  const key = `sms:{${id.tag}}:code:${id.nonce}`;
  const found = await this.find(id, limits.maxAttempts);
  const mac = await this.storage.run((client) => client.hget(key, 'mac'));
  if (found?.status !== 'pending' || mac !== attempt.mac)
    return check.call(this, id, attempt, limits, source);
  await this.storage.run((client) => client.hset(key, 'approved', attempt.id));
  return { result: 'approved', sealedPhone: found.sealedPhone, purpose: found.purpose };
};

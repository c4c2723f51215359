// A store of codes that compares a code, and marks it as used in the next trip.
import { PhoneRecord } from '../../../../dist/libs/sms/src/storage/phone-record.js';
import { RedisVerificationStore } from '../../../../dist/apps/api/src/verification/redis-verification.store.js';

const MAC_BYTES = 16; // a stored code begins with it

const { value: check } = Object.getOwnPropertyDescriptor(RedisVerificationStore.prototype, 'check');
RedisVerificationStore.prototype.check = async function (id, attempt, limits, source) {
  const record = PhoneRecord.keyOf(id.tag);
  const nonce = Buffer.from(id.nonce, 'base64url');
  const found = await this.find(id, limits.maxAttempts);
  const code = await this.storage.run((client) => client.hgetBuffer(record, nonce));
  const isRight = code?.subarray(0, MAC_BYTES).equals(macOf(attempt));
  if (found?.status !== 'pending' || !isRight) return check.call(this, id, attempt, limits, source);
  const approvedBy = Buffer.concat([nonce, Buffer.from('a')]);
  await this.storage.run((client) => client.hset(record, approvedBy, attempt.id));
  return { result: 'approved', sealedPhone: found.sealedPhone, purpose: found.purpose };
};

function macOf({ mac }) {
  return Buffer.from(mac, 'base64url').subarray(0, MAC_BYTES);
}

// A store of limits that reads, decides, and writes: what another process writes in between is lost.
import { RedisRateLimitStore } from '../../../../dist/libs/sms/src/rate-limit/redis.store.js';
import * as rule from '../../../../dist/libs/sms/src/rate-limit/rate-limit.rule.js';
import * as codec from '../../../../dist/libs/sms/src/rate-limit/reservation.codec.js';

RedisRateLimitStore.prototype.reserve = async function (phone, limit, reservationId) {
  const key = await this.allowanceOf(phone);
  const stored = await this.storage.run((client) => client.getBuffer(key));
  const before = codec.decodeReservations(stored ?? Buffer.alloc(0));
  const id = codec.reservationKey(reservationId).toString('hex');
  const { reservations, answer } = rule.reserve(before, limit, id, Date.now());
  await this.storage.run((client) => client.set(key, codec.encodeReservations(reservations)));
  return answer;
};

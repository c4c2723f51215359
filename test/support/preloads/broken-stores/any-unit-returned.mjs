// A store of limits that counts, and does not know whose unit is whose: a failed send gives the oldest one back.
import { RedisRateLimitStore } from '../../../../dist/libs/sms/src/rate-limit/redis.store.js';
import * as codec from '../../../../dist/libs/sms/src/rate-limit/reservation.codec.js';

RedisRateLimitStore.prototype.release = async function (phone, _reservationId, as) {
  const key = await this.allowanceOf(phone);
  const stored = await this.storage.run((client) => client.getBuffer(key));
  const oldest = codec.decodeReservations(stored ?? Buffer.alloc(0)).find(({ returned }) => !returned);
  if (oldest) await this.storage.run((client) => client.smsSettle(key, Buffer.from(oldest.id, 'hex'), as));
};

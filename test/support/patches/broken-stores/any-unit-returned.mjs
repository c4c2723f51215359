// A store of limits that counts, and does not know whose unit is whose: a failed send gives the oldest one back.
import { RedisRateLimitStore } from '../../../../dist/libs/sms/src/rate-limit/redis.store.js';

const OLDEST = `${RedisRateLimitStore.lua}
for _, reservation in ipairs((reservationsIn(readFields(KEYS[1])))) do
  if not reservation.isReturned then
    return reservation.id
  end
end
return false`;

RedisRateLimitStore.prototype.release = async function (phone, _reservationId, as) {
  const [record] = await this.keysOf(phone, []);
  const oldest = await this.storage.run((client) => client.evalBuffer(OLDEST, 1, record));
  if (oldest) await this.storage.run((client) => client.smsSettle(1, record, oldest, as));
};

// A store of limits that reads, decides, and writes: what another process writes in between is lost.
import { RedisRateLimitStore } from '../../../../dist/libs/sms/src/rate-limit/redis.store.js';
import * as rule from '../../../../dist/libs/sms/src/rate-limit/rate-limit.rule.js';
import { reservationKey } from '../../../../dist/libs/sms/src/rate-limit/reservation-key.js';

const READ = `${RedisRateLimitStore.lua}
local answer = {}
for _, reservation in ipairs((reservationsIn(readFields(KEYS[1])))) do
  table.insert(answer, { reservation.id, reservation.reservedAt, reservation.duration, reservation.isReturned and 1 or 0 })
end
return answer`;
/** ARGV: id, reservedAt, duration of each reservation that is to be there. */
const WRITE = `${RedisRateLimitStore.lua}
for _, reservation in ipairs((reservationsIn(readFields(KEYS[1])))) do
  redis.call('HDEL', KEYS[1], reservation.id)
end
for index = 1, #ARGV, 3 do
  writeReservation(KEYS[1], ARGV[index], tonumber(ARGV[index + 1]), tonumber(ARGV[index + 2]))
end`;
const RETURNED = 65_535;

RedisRateLimitStore.prototype.reserve = async function (phone, limit, reservationId) {
  const [record] = await this.keysOf(phone, []);
  const stored = await this.storage.run((client) => client.evalBuffer(READ, 1, record));
  const before = stored.map(([id, reservedAt, duration, returned]) => ({
    id: id.toString('hex'),
    reservedAt,
    sentBy: reservedAt + (returned ? 0 : duration),
    returned: returned === 1,
  }));
  const id = reservationKey(reservationId, 5).toString('hex');
  const { reservations, answer } = rule.reserve(before, limit, id, Date.now());
  const written = reservations.flatMap((one) => [
    Buffer.from(one.id, 'hex'),
    one.reservedAt,
    one.returned ? RETURNED : one.sentBy - one.reservedAt,
  ]);
  await this.storage.run((client) => client.eval(WRITE, 1, record, ...written));
  return answer;
};

-- Says what became of one reservation. The rules of rate-limit.rule.ts, at the time of Redis. Twice is once.
-- The functions of reservations.lua and quota.lua stand before it.
--   KEYS[1]  phone    KEYS[2], ...  quotas whose unit is given back with it; on a Redis Cluster there are none
--   ARGV[1]  reservation id, 5 bytes
--   ARGV[2]  'kept'    the send is over and may have gone out: the cooldown counts from now
--            'failed'  given back, and counted among the returned ones
--            'unused'  given back, without a trace
--   ARGV[3], ...  bucket of each quota in ms
--   returns  1 if the reservation is there, else 0
local id, outcome = ARGV[1], ARGV[2]

local reservation = takenIn(readFields(KEYS[1]) or {}, id)
if not reservation then
  return 0
end
local reservedAt, duration = reservation.reservedAt, reservation.duration
if outcome == 'kept' then
  writeReservation(KEYS[1], id, reservedAt, math.min(duration, math.max(0, timeOfRedis() - reservedAt)))
  return 1
end
if outcome == 'failed' then
  writeReservation(KEYS[1], id, reservedAt, RETURNED)
else
  redis.call('HDEL', KEYS[1], id)
end
for index = 2, #KEYS do
  giveBackToQuota(KEYS[index], bucketOf(reservedAt, tonumber(ARGV[index + 1])))
end
return 1

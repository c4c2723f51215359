-- Takes one unit of a quota, or says how long to wait; for a Redis Cluster, where quotas and phones are kept apart.
-- The functions of quota.lua stand before it.
--   KEYS[1]  quota    KEYS[2]  receipt, which lets exactly this unit be given back for an hour
--   ARGV[1]  units per window    ARGV[2]  window in ms    ARGV[3]  bucket in ms
--   returns  milliseconds to wait; 0 if it was taken, now or before
local units, windowMs, bucketMs = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if redis.call('EXISTS', KEYS[2]) == 1 then
  return 0
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local wait = waitForQuota(KEYS[1], units, windowMs, bucketMs, now)
if wait == 0 then
  takeFromQuota(KEYS[1], windowMs, bucketMs, now)
  redis.call('SET', KEYS[2], bucketOf(now, bucketMs), 'PX', 3600000)
end
return wait

-- Records how far the message of a code got. Reports only move it forward; of a code that is not there nothing is kept.
--   KEYS[1]  the code
--   ARGV[1]  how far, as a number; see progressOf in delivery.ts
--   returns  { how far it was before, how far it is now, sealed phone }, or nothing
local phone = redis.call('HGET', KEYS[1], 'phone')
if not phone then
  return false
end
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], 'news_at', time[1] * 1000 + math.floor(time[2] / 1000))
local before, progress = tonumber(redis.call('HGET', KEYS[1], 'progress') or '0'), tonumber(ARGV[1])
if progress <= before then
  return { before, before, phone }
end
redis.call('HSET', KEYS[1], 'progress', progress)
return { before, progress, phone }

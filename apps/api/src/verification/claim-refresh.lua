-- Whether nobody had news of a message, or asked for some, for a while. The caller then asks.
--   KEYS[1]  the code
--   ARGV[1]  how long, in ms
--   returns  1 or 0
if redis.call('EXISTS', KEYS[1]) == 0 then
  return 0
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now - tonumber(redis.call('HGET', KEYS[1], 'news_at') or '0') < tonumber(ARGV[1]) then
  return 0
end
redis.call('HSET', KEYS[1], 'news_at', now)
return 1

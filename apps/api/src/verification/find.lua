-- Reads a code and what is known of its phone at one moment.
--   KEYS[1]  the phone's codes    KEYS[2]  the code
--   returns  { now in ms, fields of the phone, fields of the code }
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return { now, redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', KEYS[2]) }

-- Gives one unit of a quota back. Twice is once, since its receipt is used up.
--   KEYS[1]  quota    KEYS[2]  receipt of this unit
--   returns  1 if it was given back, else 0
local bucket = redis.call('GET', KEYS[2])
if not bucket then
  return 0
end
redis.call('DEL', KEYS[2])
if redis.call('HEXISTS', KEYS[1], bucket) == 1 and redis.call('HINCRBY', KEYS[1], bucket, -1) <= 0 then
  redis.call('HDEL', KEYS[1], bucket)
end
return 1

-- Gives one unit of a quota back, on a Redis Cluster. Twice is once, since its receipt is used up.
-- The functions of quota.lua stand before it.
--   KEYS[1]  quota    KEYS[2]  receipt of this unit
--   returns  1 if it was given back, else 0
local bucket = redis.call('GET', KEYS[2])
if not bucket then
  return 0
end
redis.call('DEL', KEYS[2])
giveBackToQuota(KEYS[1], bucket)
return 1

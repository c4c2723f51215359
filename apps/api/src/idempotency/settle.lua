-- Keeps the answer of the call that has an idempotency key, or forgets the key. Twice is once.
--   KEYS[1]  the key
--   ARGV[1]  id of the call    ARGV[2]  its answer; '' to forget a key that has none
--   ARGV[3]  ms for which the answer is repeated
--   returns  1 if this call has the key, else 0
if redis.call('HGET', KEYS[1], 'id') ~= ARGV[1] then
  return 0
end
if ARGV[2] ~= '' then
  redis.call('HSET', KEYS[1], 'answer', ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
elseif redis.call('HEXISTS', KEYS[1], 'answer') == 0 then
  redis.call('DEL', KEYS[1])
end
return 1

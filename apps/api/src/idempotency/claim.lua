-- Takes an idempotency key for a call, or says what became of the call that has it; see idempotency.rule.ts.
--   KEYS[1]  the key: id, body and until of its first call, and answer once there is one
--   ARGV[1]  id of this call    ARGV[2]  hash of its body
--   ARGV[3]  ms after which a call without an answer counts as dead    ARGV[4]  ms for which the key is remembered
--   returns  { 'first' }, { 'answered', answer }, { 'in_use' }, { 'other_body' } or { 'died', id of the first call }
local id, body = ARGV[1], ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local known = redis.call('HMGET', KEYS[1], 'id', 'body', 'until', 'answer')
if not known[1] then
  redis.call('HSET', KEYS[1], 'id', id, 'body', body, 'until', now + tonumber(ARGV[3]))
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
  return { 'first' }
end
if known[2] ~= body then
  return { 'other_body' }
end
if known[4] then
  return { 'answered', known[4] }
end
if known[1] == id then
  return { 'first' }
end
if now < tonumber(known[3]) then
  return { 'in_use' }
end
return { 'died', known[1] }

-- One attempt at a code; see `check` in verification.rule.ts. A wrong one is counted in the step that compares it.
-- The functions of quota.lua stand before this script.
--   KEYS[1]  the phone's codes    KEYS[2]  the code
--   KEYS[3]  wrong guesses of the caller's address, a quota; not on a Redis Cluster, and not when they are not limited
--   ARGV[1]  nonce    ARGV[2]  attempt id, 11 characters    ARGV[3]  mac of the entered code
--   ARGV[4]  wrong guesses per code    ARGV[5]  wrong guesses per phone and 24 hours
--   ARGV[6]  ms that the caller's address has to wait    ARGV[7], ARGV[8], ARGV[9]  its units, window and bucket in ms
--   returns  { 'not_found' }
--            { 'approved', sealed phone, purpose }
--            { 'wrong', sealed phone, purpose, attempts left }
--            { 'ended', sealed phone, purpose, status }
--            { 'budget_used', sealed phone, purpose, ms to wait }
--            { 'in_doubt', sealed phone, purpose, nonce, ... }
local nonce, attempt, mac = ARGV[1], ARGV[2], ARGV[3]
local maxAttempts, maxWrong = tonumber(ARGV[4]), tonumber(ARGV[5])
local DAY, ATTEMPT_BYTES = 86400000, 11

local code = redis.call('HMGET', KEYS[2], 'number', 'expires', 'send', 'mac', 'phone', 'purpose', 'tries', 'approved')
local number, expires = tonumber(code[1] or ''), tonumber(code[2] or '')
if not number or not expires or not code[4] then
  return { 'not_found' }
end
local send, phone, purpose, tries, approvedBy = code[3], code[5], code[6], code[7] or '', code[8]
local guesses = math.floor(#tries / ATTEMPT_BYTES)

-- The same attempt again: answered as before.
if approvedBy == attempt then
  return { 'approved', phone, purpose }
end
for guess = 1, guesses do
  if string.sub(tries, (guess - 1) * ATTEMPT_BYTES + 1, guess * ATTEMPT_BYTES) == attempt then
    return { 'wrong', phone, purpose, math.max(0, maxAttempts - guess) }
  end
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local fields = redis.call('HGETALL', KEYS[1])
local opened, ended, endedAt, current, wrongGuesses, inFlight = 0, 0, 0, false, '', {}
for index = 1, #fields, 2 do
  local field, value = fields[index], fields[index + 1]
  if field == 'opened' then
    opened = tonumber(value)
  elseif field == 'ended' then
    ended = tonumber(value)
  elseif field == 'ended_at' then
    endedAt = tonumber(value)
  elseif field == 'current' then
    current = value
  elseif field == 'guesses' then
    wrongGuesses = value
  else
    inFlight[string.sub(field, 4)] = tonumber(value)
  end
end

local status
if approvedBy then
  status = 'approved'
elseif send == 'failed' then
  status = 'send_failed'
elseif guesses >= maxAttempts then
  status = 'attempts_exhausted'
elseif number > opened or (current ~= nonce and number <= ended) then
  status = expires <= endedAt and 'expired' or 'replaced'
elseif expires <= now then
  status = 'expired'
end
if status then
  return { 'ended', phone, purpose, status }
end

local doubtful = {}
for other, interruptedAt in pairs(inFlight) do
  if other ~= nonce and interruptedAt <= now then
    table.insert(doubtful, other)
  end
end
if #doubtful > 0 then
  table.sort(doubtful)
  return { 'in_doubt', phone, purpose, unpack(doubtful) }
end

local recent = wrongGuesses -- without those older than 24 hours
while #recent >= 6 and struct.unpack('>I6', recent) + DAY <= now do
  recent = string.sub(recent, 7)
end
local count, wait = math.floor(#recent / 6), tonumber(ARGV[6])
if count >= maxWrong then
  local phoneWait = DAY
  if maxWrong > 0 then
    phoneWait = struct.unpack('>I6', recent, (count - maxWrong) * 6 + 1) + DAY - now
  end
  wait = math.max(wait, phoneWait)
end
local source = KEYS[3]
local sourceUnits, sourceWindow, sourceBucket = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
if source then
  wait = math.max(wait, waitForQuota(source, sourceUnits, sourceWindow, sourceBucket, now))
end
if wait > 0 then
  return { 'budget_used', phone, purpose, wait }
end

if code[4] == mac then
  redis.call('HSET', KEYS[2], 'approved', attempt)
  redis.call('HDEL', KEYS[1], 'current')
  redis.call('HSET', KEYS[1], 'ended', opened, 'ended_at', now)
  return { 'approved', phone, purpose }
end
if source then
  takeFromQuota(source, sourceWindow, sourceBucket, now)
end
redis.call('HSET', KEYS[2], 'tries', tries .. attempt)
redis.call('HSET', KEYS[1], 'guesses', recent .. struct.pack('>I6', now))
redis.call('PEXPIRE', KEYS[1], math.max(redis.call('PTTL', KEYS[1]), DAY))
return { 'wrong', phone, purpose, math.max(0, maxAttempts - guesses - 1) }

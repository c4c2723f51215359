-- One attempt at a code; see `check` in verification.rule.ts. A wrong one is counted in the step that compares it.
-- The functions of codes.lua and quota.lua stand before this script.
--   KEYS[1]  phone
--   KEYS[2]  wrong guesses of the caller's address, a quota; not on a Redis Cluster, and not when they are not limited
--   ARGV[1]  nonce    ARGV[2]  attempt id, 11 characters    ARGV[3]  mac of the entered code, 16 bytes
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

local now = timeOfRedis()
local fields = readFields(KEYS[1])
local code = fields and codeIn(fields, nonce, now)
if not code then
  return { 'not_found' }
end
local phone = phoneIn(fields, now)
local function answer(result, ...)
  return { result, fields.p, code.purpose, ... }
end

-- The same attempt again: answered as before.
local wrongAttempts = code.wrongAttempts
local guesses = math.floor(#wrongAttempts / ATTEMPT_BYTES)
if code.approvedBy == attempt then
  return answer('approved')
end
for guess = 1, guesses do
  if string.sub(wrongAttempts, (guess - 1) * ATTEMPT_BYTES + 1, guess * ATTEMPT_BYTES) == attempt then
    return answer('wrong', math.max(0, maxAttempts - guess))
  end
end

local status
if code.approvedBy then
  status = 'approved'
elseif code.send == 'failed' then
  status = 'send_failed'
elseif guesses >= maxAttempts then
  status = 'attempts_exhausted'
elseif code.number > phone.opened or (code.number <= phone.ended and not isInForce(phone, code)) then
  status = code.expiresAt <= phone.endedAt and 'expired' or 'replaced'
elseif code.expiresAt <= now then
  status = 'expired'
end
if status then
  return answer('ended', status)
end

local doubtful = {}
for other, interruptedAt in pairs(phone.inFlight) do
  if other ~= nonce and interruptedAt <= now then
    table.insert(doubtful, other)
  end
end
if #doubtful > 0 then
  return answer('in_doubt', unpack(doubtful))
end

local wait = math.max(tonumber(ARGV[6]), waitForGuess(phone, maxWrong, now))
local source = KEYS[2]
local sourceUnits, sourceWindow, sourceBucket = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
if source then
  wait = math.max(wait, waitForQuota(source, sourceUnits, sourceWindow, sourceBucket, now))
end
if wait > 0 then
  return answer('budget_used', wait)
end

if code.mac == mac then
  redis.call('HSET', KEYS[1], nonce .. 'a', attempt)
  phone.ended, phone.endedAt, phone.isInForce = phone.opened, now, false
  writePhone(KEYS[1], phone)
  return answer('approved')
end
if source then
  takeFromQuota(source, sourceWindow, sourceBucket, now)
end
redis.call('HSET', KEYS[1], nonce .. 'w', wrongAttempts .. attempt)
redis.call('HSET', KEYS[1], 'g', recentGuesses(phone, now) .. struct.pack('>I5', storedTime(now)))
keepAtLeast(KEYS[1], DAY)
return answer('wrong', math.max(0, maxAttempts - guesses - 1))

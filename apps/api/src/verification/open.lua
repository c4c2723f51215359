-- Stores a code before it is sent; see `open` in verification.rule.ts. The same id twice is stored once.
-- The functions of codes.lua stand before this script.
--   KEYS[1]  phone
--   ARGV[1]  nonce    ARGV[2]  life of the code in ms    ARGV[3]  wrong guesses per 24 hours    ARGV[4]  longest send in ms
--   ARGV[5]  mac, 16 bytes    ARGV[6]  sealed phone    ARGV[7]  purpose
--   returns  { 1, expiry in ms } or, when the phone's guesses are used up, { 0, ms to wait }
local nonce, ttl, maxWrong, sendMs = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local MAX_IN_FLIGHT, SETTLEMENT_GRACE = 8, 5000

local now = timeOfRedis()
local fields = readFields(KEYS[1])
if not fields then
  return { 0, waitUntilGone(KEYS[1]) }
end
local known = codeIn(fields, nonce, now)
if known then
  return { 1, known.expiresAt }
end
local phone = phoneIn(fields, now)
if phone.isDamaged then
  -- From now on it can be read, so that this ends.
  writePhone(KEYS[1], phone)
  redis.call('HSET', KEYS[1], 'g', phone.guesses)
  keepAtLeast(KEYS[1], DAY)
end
local wait = waitForGuess(phone, maxWrong, now)
if wait > 0 then
  return { 0, wait }
end

forgetEndedCodes(KEYS[1], fields, now)
local number, expiresAt = math.max(phone.opened + 1, now), now + ttl
if phone.opened == 0 then
  phone.ended = number - 1 -- a phone that was forgotten brings no earlier code back
end
phone.opened = number
writePhone(KEYS[1], phone)
redis.call('HSET', KEYS[1], 'p', ARGV[6])
writeCode(KEYS[1], nonce, { mac = ARGV[5], number = number, expiresAt = expiresAt, send = 'in_flight',
  purpose = tonumber(ARGV[7]), progress = 0, newsAt = 0, sid = '', failure = '' })
local inFlight = 0
for _ in pairs(phone.inFlight) do
  inFlight = inFlight + 1
end
if inFlight < MAX_IN_FLIGHT then
  redis.call('HSET', KEYS[1], nonce .. 'i', struct.pack('>I5', storedTime(now + sendMs + SETTLEMENT_GRACE)))
end
-- What is known of a phone outlives all of its codes.
keepAtLeast(KEYS[1], 2 * (ttl + REMEMBERED))
return { 1, expiresAt }

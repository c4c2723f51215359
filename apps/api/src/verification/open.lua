-- Stores a code before it is sent; see `open` in verification.rule.ts. The same id twice is stored once.
--   KEYS[1]  the phone's codes: current, opened, ended, ended_at, guesses (6 bytes each), and for each send in flight
--            in:NONCE = when it counts as interrupted
--   KEYS[2]  the code
--   ARGV[1]  nonce                       ARGV[2]  life of the code in ms    ARGV[3]  remembered after that, in ms
--   ARGV[4]  wrong guesses per 24 hours  ARGV[5]  longest send in ms
--   ARGV[6]  mac    ARGV[7]  sealed phone    ARGV[8]  purpose
--   returns  { 1, expiry in ms } or, when the phone's guesses are used up, { 0, ms to wait }
local nonce, ttl, remembered = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local maxWrong, sendMs = tonumber(ARGV[4]), tonumber(ARGV[5])
local DAY, MAX_IN_FLIGHT, SETTLEMENT_GRACE = 86400000, 8, 5000

local known = redis.call('HGET', KEYS[2], 'expires')
if known then
  return { 1, tonumber(known) }
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local guesses = redis.call('HGET', KEYS[1], 'guesses') or ''
local count = math.floor(#guesses / 6)
if maxWrong == 0 then
  return { 0, DAY }
end
if count >= maxWrong then
  local wait = struct.unpack('>I6', guesses, (count - maxWrong) * 6 + 1) + DAY - now
  if wait > 0 then
    return { 0, wait }
  end
end

local expires = now + ttl
local last = tonumber(redis.call('HGET', KEYS[1], 'opened') or '0')
local number = math.max(last + 1, now)
redis.call('HSET', KEYS[1], 'opened', number)
if last == 0 then
  redis.call('HSET', KEYS[1], 'ended', number - 1) -- a phone that was forgotten brings no earlier code back
end
redis.call('HSET', KEYS[2], 'number', number, 'expires', expires, 'send', 'in_flight',
  'mac', ARGV[6], 'phone', ARGV[7], 'purpose', ARGV[8])
redis.call('PEXPIRE', KEYS[2], ttl + remembered)
local inFlight = 0
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.sub(field, 1, 3) == 'in:' then
    inFlight = inFlight + 1
  end
end
if inFlight < MAX_IN_FLIGHT then
  redis.call('HSET', KEYS[1], 'in:' .. nonce, now + sendMs + SETTLEMENT_GRACE)
end
-- What is known of a phone outlives all of its codes.
redis.call('PEXPIRE', KEYS[1], math.max(redis.call('PTTL', KEYS[1]), 2 * (ttl + remembered)))
return { 1, expires }

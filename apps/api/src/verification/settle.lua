-- Says how the send of a code ended, or forgets the code; see `settle` and `discard` in verification.rule.ts.
-- The functions of codes.lua stand before this script.
--   KEYS[1]  phone
--   ARGV[1]  nonce    ARGV[2]  'accepted', 'unknown', 'failed' or 'discard'    ARGV[3]  why it failed, or the message's SID, or ''
local nonce, outcome, detail = ARGV[1], ARGV[2], ARGV[3]

local now = timeOfRedis()
local fields = readFields(KEYS[1])
if not fields then
  return 0
end
redis.call('HDEL', KEYS[1], nonce .. 'i')
if outcome == 'discard' then
  forgetCode(KEYS[1], nonce)
  return 1
end

local code = codeIn(fields, nonce, now)
if not code or code.send ~= 'in_flight' then
  return 0
end
code.send = outcome
if outcome == 'failed' then
  code.failure = detail
elseif outcome == 'accepted' then
  code.sid, code.newsAt = detail, now
end
writeCode(KEYS[1], nonce, code)
local phone = phoneIn(fields, now)
if outcome ~= 'failed' and code.number > phone.ended and code.number <= phone.opened then
  phone.ended, phone.endedAt, phone.isInForce = code.number, now, true
  writePhone(KEYS[1], phone)
end
return 1

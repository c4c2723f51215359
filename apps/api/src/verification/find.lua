-- Reads a code and what is known of its phone at one moment. The functions of codes.lua stand before this script.
--   KEYS[1]  phone    ARGV[1]  nonce
--   returns  nothing if the code is not known, or
--            { now, the code: number, expiresAt, send, purpose, progress, newsAt, SID, failure, ids of wrong attempts,
--                   id of the right attempt, sealed phone,
--              the phone: opened, ended, endedAt, whether this code is in force (1 or 0),
--              each send in flight: nonce, when it counts as interrupted }; all times in ms
local now = timeOfRedis()
local fields = readFields(KEYS[1])
local code = fields and codeIn(fields, ARGV[1], now)
if not code then
  return false
end
local phone = phoneIn(fields, now)
local inFlight = {}
for nonce, interruptedAt in pairs(phone.inFlight) do
  table.insert(inFlight, nonce)
  table.insert(inFlight, interruptedAt)
end
return {
  now,
  { code.number, code.expiresAt, code.send, code.purpose, code.progress, code.newsAt, code.sid, code.failure,
    code.wrongAttempts, code.approvedBy or '', fields.p },
  { phone.opened, phone.ended, phone.endedAt, isInForce(phone, code) and 1 or 0 },
  inFlight,
}

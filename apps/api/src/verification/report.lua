-- Records how far the message of a code got. Reports only move it forward; of a code that is not there nothing is kept.
-- The functions of codes.lua stand before this script.
--   KEYS[1]  phone
--   ARGV[1]  nonce    ARGV[2]  how far, as a number; see progressOf in delivery.ts
--   returns  { how far it was before, how far it is now, sealed phone }, or nothing
local nonce, progress = ARGV[1], tonumber(ARGV[2])
local now = timeOfRedis()
local fields = readFields(KEYS[1])
local code = fields and codeIn(fields, nonce, now)
if not code then
  return false
end
local before = code.progress
code.progress, code.newsAt = math.max(before, progress), now
writeCode(KEYS[1], nonce, code)
return { before, code.progress, fields.p }

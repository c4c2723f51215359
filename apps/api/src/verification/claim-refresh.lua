-- Whether nobody had news of a message, or asked for some, for a while. The caller then asks.
-- The functions of codes.lua stand before this script.
--   KEYS[1]  phone
--   ARGV[1]  nonce    ARGV[2]  how long, in ms
--   returns  1 or 0
local nonce, quietMs = ARGV[1], tonumber(ARGV[2])
local now = timeOfRedis()
local fields = readFields(KEYS[1])
local code = fields and codeIn(fields, nonce, now)
if not code or now - code.newsAt < quietMs then
  return 0
end
code.newsAt = now
writeCode(KEYS[1], nonce, code)
return 1

-- One guess at the code of a phone; five per code. A right one ends it.
--   KEYS[1]  the phone, as in floor-reserve.lua    ARGV[1]  nonce    ARGV[2]  mac of the guess
--   returns  the phone, or nothing
local stored = redis.call('GET', KEYS[1])
if not stored then
  return false
end
local guesses, nonce, mac, expires, length = struct.unpack('>Bc16c32I4B', stored)
if nonce ~= ARGV[1] or guesses >= 5 or expires <= tonumber(redis.call('TIME')[1]) then
  return false
end
if mac ~= ARGV[2] then
  redis.call('SET', KEYS[1], string.char(guesses + 1) .. string.sub(stored, 2), 'KEEPTTL')
  return false
end
redis.call('SET', KEYS[1], string.char(5) .. string.sub(stored, 2), 'KEEPTTL')
return string.sub(stored, 55, 54 + length)

-- Takes one send of a phone and stores its code: a cooldown of 60 seconds, 10 sends in any 24 hours.
--   KEYS[1]  the phone: guesses (1 byte), nonce (16), mac (32), expiry (4), length of the phone (1), phone, times (4 each)
--   ARGV[1]  nonce    ARGV[2]  mac    ARGV[3]  phone
--   returns  seconds to wait; 0 if it was taken
local now = tonumber(redis.call('TIME')[1])
local stored = redis.call('GET', KEYS[1])
local kept = ''
if stored then
  local first = 55 + string.byte(stored, 54)
  while first <= #stored and struct.unpack('>I4', stored, first) + 86400 <= now do
    first = first + 4
  end
  kept = string.sub(stored, first)
  if #kept > 0 then
    local wait = struct.unpack('>I4', kept, #kept - 3) + 60 - now
    if #kept >= 40 then
      wait = math.max(wait, struct.unpack('>I4', kept, #kept - 39) + 86400 - now)
    end
    if wait > 0 then
      return wait
    end
  end
end
local code = struct.pack('>Bc16c32I4B', 0, ARGV[1], ARGV[2], now + 600, #ARGV[3])
redis.call('SET', KEYS[1], code .. ARGV[3] .. kept .. struct.pack('>I4', now), 'EX', 86400)
return 0

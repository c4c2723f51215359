-- Says what became of one reservation. The rules of rate-limit.rule.ts, at the time of Redis. Twice is once.
--   KEYS[1]  allowance, as reservation.codec.ts describes it
--   ARGV[1]  reservation id, 8 bytes
--   ARGV[2]  'kept'    the send is over and may have gone out: the cooldown counts from now
--            'failed'  given back, and counted among the returned ones
--            'unused'  given back, without a trace
--   returns  1 if the reservation is there, else 0
local id, outcome = ARGV[1], ARGV[2]
local BYTES, RETURNED = 18, 4294967295

local stored = redis.call('GET', KEYS[1]) or ''
if #stored % BYTES ~= 0 then
  return 0
end
for start = 1, #stored, BYTES do
  local otherId, reservedAt, duration = struct.unpack('>c8I6I4', stored, start)
  if otherId == id and duration ~= RETURNED then
    local before, after = string.sub(stored, 1, start - 1), string.sub(stored, start + BYTES)
    local settled = ''
    if outcome == 'kept' then
      local time = redis.call('TIME')
      local now = time[1] * 1000 + math.floor(time[2] / 1000)
      settled = struct.pack('>c8I6I4', id, reservedAt, math.min(duration, math.max(0, now - reservedAt)))
    elseif outcome == 'failed' then
      settled = struct.pack('>c8I6I4', id, reservedAt, RETURNED)
    end
    if #before + #settled + #after == 0 then
      redis.call('DEL', KEYS[1])
    else
      redis.call('SET', KEYS[1], before .. settled .. after, 'KEEPTTL')
    end
    return 1
  end
end
return 0

-- Takes one unit of a key's allowance, or says how long to wait. The rule of rate-limit.rule.ts, at the time of Redis.
--   KEYS[1]  allowance, as reservation.codec.ts describes it
--   ARGV[1]  units per window          ARGV[2]  window in ms    ARGV[3]  cooldown in ms, 0 = none
--   ARGV[4]  longest send in ms        ARGV[5]  returned reservations per window
--   ARGV[6]  reservation id, 8 bytes
--   returns  { 1 } granted, or { 0, 'window' or 'cooldown', milliseconds to wait }
local units, window, cooldown = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local sendMs, returns, id = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
local BYTES, RETURNED = 18, 4294967295

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local stored = redis.call('GET', KEYS[1]) or ''
if #stored % BYTES ~= 0 then
  -- Not an allowance: counts as exhausted, and not for ever.
  if redis.call('PTTL', KEYS[1]) < 0 then
    redis.call('PEXPIRE', KEYS[1], window)
  end
  return { 0, 'window', redis.call('PTTL', KEYS[1]) }
end

local windowWait, cooldownWait = 0, 0
local taken, returned = {}, {} -- times of the reservations in the window, oldest first
local firstInWindow = #stored + 1
for start = 1, #stored, BYTES do
  local otherId, reservedAt, duration = struct.unpack('>c8I6I4', stored, start)
  local isReturned = duration == RETURNED
  if otherId == id then
    if not isReturned then
      return { 1 }
    end
    windowWait = math.max(windowWait, reservedAt + window - now) -- given back: this id is spent
  end
  if reservedAt + window > now then
    firstInWindow = math.min(firstInWindow, start)
    table.insert(isReturned and returned or taken, reservedAt)
  end
  if cooldown > 0 and not isReturned then
    cooldownWait = math.max(cooldownWait, reservedAt + duration + cooldown - now)
  end
end

local function waitForUnit(times, allowed)
  if #times < allowed then
    return 0
  end
  if allowed == 0 then
    return window
  end
  return times[#times - allowed + 1] + window - now
end
windowWait = math.max(windowWait, waitForUnit(taken, units), waitForUnit(returned, returns))

if windowWait > 0 or cooldownWait > 0 then
  if windowWait >= cooldownWait then
    return { 0, 'window', windowWait }
  end
  return { 0, 'cooldown', cooldownWait }
end

local inWindow = string.sub(stored, firstInWindow)
local reservedAt = now
if #inWindow > 0 then
  local _, newest = struct.unpack('>c8I6', inWindow, #inWindow - BYTES + 1)
  reservedAt = math.max(now, newest) -- oldest first, even if a clock steps back
end
local allowance = inWindow .. struct.pack('>c8I6I4', id, reservedAt, sendMs)
redis.call('SET', KEYS[1], allowance, 'PX', math.max(window, sendMs + cooldown))
return { 1 }

-- Takes one unit of a key's allowance and one of each quota, or says how long to wait and takes nothing. The rule of
-- rate-limit.rule.ts, at the time of Redis; the functions of quota.lua stand before it.
--   KEYS[1]  allowance, as reservation.codec.ts describes it
--   KEYS[2]  first quota    KEYS[3]  receipt of its unit    and so on; on a Redis Cluster there are none
--   ARGV[1]  'take', or 'ask' for the wait alone
--   ARGV[2]  units per window          ARGV[3]  window in ms    ARGV[4]  cooldown in ms, 0 = none
--   ARGV[5]  longest send in ms        ARGV[6]  returned reservations per window
--   ARGV[7]  reservation id, 8 bytes
--   ARGV[8]  name of the first quota   ARGV[9]  its units       ARGV[10] its window in ms    ARGV[11] its bucket in ms
--   returns  { 1 } granted, or { 0, 'window', 'cooldown' or the name of a quota, milliseconds to wait }
local units, window, cooldown = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local sendMs, returns, id = tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7]
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

-- The longest wait answers.
local rule, wait = 'window', windowWait
if cooldownWait > wait then
  rule, wait = 'cooldown', cooldownWait
end
local quotas = {}
for index = 2, #KEYS, 2 do
  local first = 8 + (index - 2) * 2
  local quota = { key = KEYS[index], receipt = KEYS[index + 1], window = tonumber(ARGV[first + 2]), bucket = tonumber(ARGV[first + 3]) }
  table.insert(quotas, quota)
  local quotaWait = waitForQuota(quota.key, tonumber(ARGV[first + 1]), quota.window, quota.bucket, now)
  if quotaWait > wait then
    rule, wait = ARGV[first], quotaWait
  end
end
if wait > 0 then
  return { 0, rule, wait }
end
if ARGV[1] == 'ask' then
  return { 1 }
end
for _, quota in ipairs(quotas) do
  takeFromQuota(quota.key, quota.window, quota.bucket, now, quota.receipt)
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

-- Takes one unit of a phone's allowance and one of each quota, or says how long to wait and takes nothing. The rule of
-- rate-limit.rule.ts, at the time of Redis; the functions of reservations.lua and quota.lua stand before it.
--   KEYS[1]  phone    KEYS[2], ...  quotas; on a Redis Cluster there are none
--   ARGV[1]  'take', or 'ask' for the wait alone
--   ARGV[2]  units per window          ARGV[3]  window in ms    ARGV[4]  cooldown in ms, 0 = none
--   ARGV[5]  longest send in ms, less than 65535                ARGV[6]  returned reservations per window
--   ARGV[7]  reservation id, 5 bytes
--   ARGV[8]  name of the first quota   ARGV[9]  its units       ARGV[10] its window in ms    ARGV[11] its bucket in ms
--   returns  { 1 } granted, or { 0, 'window', 'cooldown' or the name of a quota, milliseconds to wait }
local units, window, cooldown = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local sendMs, returns, id = tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7]

local now = timeOfRedis()
local fields = readFields(KEYS[1])
if not fields then
  return { 0, 'window', waitUntilGone(KEYS[1]) }
end
local reservations, damaged = reservationsIn(fields)
for _, reservation in ipairs(reservations) do
  if reservation.reservedAt > now + 86400000 then
    table.insert(damaged, reservation.id) -- no clock is set back by more than a day
  end
end
if #damaged > 0 then
  -- Counts as exhausted for one window from now, and not for ever; see `exhausted` in rate-limit.rule.ts.
  redis.call('HDEL', KEYS[1], unpack(damaged))
  for unit = 1, math.max(1, units) do
    writeReservation(KEYS[1], struct.pack('>I5', unit), now, 0)
  end
  keepAtLeast(KEYS[1], window)
  return { 0, 'window', window }
end

local windowWait, cooldownWait = 0, 0
local taken, returned, past = {}, {}, {} -- times of the reservations in the window, oldest first; ids of the others
for _, reservation in ipairs(reservations) do
  local reservedAt, isReturned = reservation.reservedAt, reservation.isReturned
  if reservation.id == id then
    if not isReturned then
      return { 1 }
    end
    windowWait = math.max(windowWait, reservedAt + window - now) -- given back: this id is spent
  end
  if reservedAt + window <= now then
    table.insert(past, reservation.id)
  else
    table.insert(isReturned and returned or taken, reservedAt)
  end
  if cooldown > 0 and not isReturned then
    cooldownWait = math.max(cooldownWait, reservedAt + reservation.duration + cooldown - now)
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
for index = 2, #KEYS do
  local first = 8 + (index - 2) * 4
  local quota = { key = KEYS[index], window = tonumber(ARGV[first + 2]), bucket = tonumber(ARGV[first + 3]) }
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

local newest = reservations[#reservations]
local reservedAt = newest and math.max(now, newest.reservedAt) or now -- oldest first, even if a clock steps back
for _, quota in ipairs(quotas) do
  takeFromQuota(quota.key, quota.window, quota.bucket, reservedAt) -- which settle.lua knows when it gives the unit back
end
if #past > 0 then
  redis.call('HDEL', KEYS[1], unpack(past))
end
writeReservation(KEYS[1], id, reservedAt, sendMs)
keepAtLeast(KEYS[1], math.max(window, sendMs + cooldown))
return { 1 }

-- Allowances that many phones share, counted in buckets; see quota.rule.ts. These functions stand before the scripts
-- that use them. A quota is a hash: number of a bucket -> units that were taken in it.

-- How long until a unit is free, in ms; 0 is now. Buckets that have left the window are forgotten.
local function waitForQuota(key, units, windowMs, bucketMs, now)
  if units == 0 then
    return 86400000
  end
  local buckets, used = {}, 0
  local fields = redis.call('HGETALL', key)
  for index = 1, #fields, 2 do
    local leavesAt, taken = (tonumber(fields[index]) + 1) * bucketMs + windowMs, tonumber(fields[index + 1])
    if leavesAt > now then
      table.insert(buckets, { leavesAt, taken })
      used = used + taken
    else
      redis.call('HDEL', key, fields[index])
    end
  end
  table.sort(buckets, function(one, other) return one[1] < other[1] end)
  for _, bucket in ipairs(buckets) do
    if used < units then
      break
    end
    used = used - bucket[2]
    if used < units then
      return bucket[1] - now
    end
  end
  return 0
end

local function bucketOf(takenAt, bucketMs)
  return string.format('%.0f', math.floor(takenAt / bucketMs))
end

-- Takes one unit, whether one is free or not.
local function takeFromQuota(key, windowMs, bucketMs, takenAt)
  redis.call('HINCRBY', key, bucketOf(takenAt, bucketMs), 1)
  redis.call('PEXPIRE', key, windowMs + 2 * bucketMs)
end

-- Gives back a unit that was taken in a bucket.
local function giveBackToQuota(key, bucket)
  if redis.call('HEXISTS', key, bucket) == 1 and redis.call('HINCRBY', key, bucket, -1) <= 0 then
    redis.call('HDEL', key, bucket)
  end
end

-- What is kept of one phone, in one hash: sms:{TAG}. These functions stand before the scripts that use it.
--   A field whose name has 5 bytes is a reservation; see reservations.lua. A host app may keep fields of its own beside
--   them, whose names have another length. A hash takes little room while no name and no value has more than 64 bytes,
--   so what is in it is packed (struct, big-endian). It is kept until nothing in it is needed any more.

-- A time is stored in 5 bytes ('I5'): milliseconds since 2020, until 2054. An earlier one counts as the first of them.
local FIRST_TIME = 1577836800000
if struct.unpack('>I5', struct.pack('>I5', 2 ^ 39)) ~= 2 ^ 39 then
  return redis.error_reply('ERR a Redis of 64 bits is needed') -- where a long has 32, times would be cut off
end

local function storedTime(ms)
  return math.max(0, ms - FIRST_TIME)
end

local function timeOf(stored)
  return FIRST_TIME + stored
end

local function timeOfRedis()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Name of a field -> value; nil if the key holds something else, such as a record of an earlier version.
local function readFields(key)
  local reply = redis.pcall('HGETALL', key)
  if reply.err and string.find(reply.err, 'WRONGTYPE', 1, true) then
    return nil
  elseif reply.err then
    reply = redis.call('HGETALL', key) -- fails again, and says so to the caller
  end
  local fields = {}
  for index = 1, #reply, 2 do
    fields[reply[index]] = reply[index + 1]
  end
  return fields
end

-- Keeps a record at least so long, and never shorter than it was going to be kept.
local function keepAtLeast(key, ms)
  redis.call('PEXPIRE', key, math.max(redis.call('PTTL', key), ms))
end

-- How long until a key that is no record is gone. It refuses everything until then, and not for ever.
local function waitUntilGone(key)
  if redis.call('PTTL', key) < 0 then
    redis.call('PEXPIRE', key, 86400000)
  end
  return redis.call('PTTL', key)
end

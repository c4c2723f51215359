-- Reservations in the record of a phone; see rate-limit.rule.ts. The functions of phone-record.lua stand before these.
--   5 bytes of a hash of the id -> reservedAt (a time), then how long its send took, or can take at most, in ms (2 bytes).
--   The largest duration marks a reservation that was given back.
local ID_BYTES, RESERVATION, RESERVATION_BYTES, RETURNED = 5, '>I5I2', 7, 65535

-- Oldest first. And the names of those that cannot be read.
local function reservationsIn(fields)
  local reservations, damaged = {}, {}
  for id, value in pairs(fields) do
    if #id == ID_BYTES and #value ~= RESERVATION_BYTES then
      table.insert(damaged, id)
    elseif #id == ID_BYTES then
      local reservedAt, duration = struct.unpack(RESERVATION, value)
      local reservation = { id = id, reservedAt = timeOf(reservedAt), duration = duration, isReturned = duration == RETURNED }
      table.insert(reservations, reservation)
    end
  end
  table.sort(reservations, function(one, other) return one.reservedAt < other.reservedAt end)
  return reservations, damaged
end

-- One that was taken and not given back, or nil.
local function takenIn(fields, id)
  for _, reservation in ipairs((reservationsIn(fields))) do
    if reservation.id == id and not reservation.isReturned then
      return reservation
    end
  end
  return nil
end

local function writeReservation(key, id, reservedAt, duration)
  redis.call('HSET', key, id, struct.pack(RESERVATION, storedTime(reservedAt), duration))
end

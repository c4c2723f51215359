-- Whether a reservation was taken and not given back. The functions of reservations.lua stand before it.
--   KEYS[1]  phone    ARGV[1]  reservation id, 5 bytes
--   returns  1 or 0; of a record that cannot be read nothing says that it was given back
local fields = readFields(KEYS[1])
if not fields then
  return 1
end
local _, damaged = reservationsIn(fields)
return (#damaged > 0 or takenIn(fields, ARGV[1])) and 1 or 0

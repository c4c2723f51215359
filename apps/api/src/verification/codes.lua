-- The codes of one phone, in its record; see verification.rule.ts. The functions of phone-record.lua stand before these.
-- NONCE stands for the 16 bytes of a code's nonce. Fields, none of which has a name of 5 bytes:
--   p        the phone, sealed
--   c        opened, ended, endedAt (times), and 1 byte: whether the code of the number `ended` is in force
--   g        times of wrong guesses, oldest first
--   NONCE    a code: mac (16 bytes), number and expiresAt (times), send (1 letter), purpose (1 byte), progress (4 bytes),
--            newsAt (a time), the message's SID (2 letters, and 16 bytes for 32 hexadecimal digits)
--   NONCE i  a time: when its send counts as interrupted. It is there while the send is not settled.
--   NONCE w  ids of the attempts that were wrong, 11 characters each
--   NONCE a  id of the attempt that was right
--   NONCE f  why the send failed
--   NONCE s  the message's SID, if it has another form
-- The last four are there only when there is something to say. No SID, and no news, is all zeros.
local NONCE_BYTES, ATTEMPT_BYTES, TIME_BYTES = 16, 11, 5
local CODE, CODE_BYTES = '>c16I5I5c1I1I4I5c18', 55
local PHONE, PHONE_BYTES = '>I5I5I5I1', 16
local NO_SID = string.rep('\0', 18)
local SENDS = { i = 'in_flight', a = 'accepted', u = 'unknown', f = 'failed' }
local DAY = 86400000
local REMEMBERED = 3600000 -- how long a code is known after its expiry; REMEMBERED_MS in verification.store.ts
local LARGEST_GUESS_BUDGET = 100

local function storedSid(sid)
  if #sid ~= 34 or not string.match(sid, '^%u%u[0-9a-f]+$') then
    return NO_SID
  end
  local digits = string.gsub(string.sub(sid, 3), '..', function(pair) return string.char(tonumber(pair, 16)) end)
  return string.sub(sid, 1, 2) .. digits
end

local function sidOf(stored)
  if stored == NO_SID then
    return ''
  end
  local digits = string.gsub(string.sub(stored, 3), '.', function(byte) return string.format('%02x', string.byte(byte)) end)
  return string.sub(stored, 1, 2) .. digits
end

-- A code that is known, or nil. One that cannot be read is no code.
local function codeIn(fields, nonce, now)
  local stored = fields[nonce]
  if #nonce ~= NONCE_BYTES or not stored or #stored ~= CODE_BYTES or not fields.p then
    return nil
  end
  local mac, number, expiresAt, send, purpose, progress, newsAt, sid = struct.unpack(CODE, stored)
  if not SENDS[send] or timeOf(expiresAt) + REMEMBERED <= now then
    return nil
  end
  return {
    mac = mac,
    number = timeOf(number),
    expiresAt = timeOf(expiresAt),
    send = SENDS[send],
    purpose = purpose,
    progress = progress,
    newsAt = newsAt > 0 and timeOf(newsAt) or 0,
    sid = fields[nonce .. 's'] or sidOf(sid),
    wrongAttempts = fields[nonce .. 'w'] or '',
    approvedBy = fields[nonce .. 'a'],
    failure = fields[nonce .. 'f'] or '',
  }
end

local function writeCode(key, nonce, code)
  local sid = storedSid(code.sid)
  local stored = struct.pack(CODE, code.mac, storedTime(code.number), storedTime(code.expiresAt), string.sub(code.send, 1, 1),
    code.purpose, code.progress, storedTime(code.newsAt), sid)
  redis.call('HSET', key, nonce, stored)
  if sid == NO_SID and code.sid ~= '' then
    redis.call('HSET', key, nonce .. 's', code.sid)
  end
  if code.failure ~= '' then
    redis.call('HSET', key, nonce .. 'f', code.failure)
  end
end

local function forgetCode(key, nonce)
  redis.call('HDEL', key, nonce, nonce .. 'w', nonce .. 'a', nonce .. 'f', nonce .. 's')
end

-- Codes that are not known any more, and those that cannot be read.
local function forgetEndedCodes(key, fields, now)
  for name in pairs(fields) do
    if #name == NONCE_BYTES and not codeIn(fields, name, now) then
      forgetCode(key, name)
    end
  end
end

local function writePhone(key, phone)
  redis.call('HSET', key, 'c', struct.pack(PHONE, storedTime(phone.opened), storedTime(phone.ended),
    storedTime(phone.endedAt), phone.isInForce and 1 or 0))
end

-- What is known of the phone whichever of its codes is asked about. One that cannot be read has no guesses left, and all
-- its codes have ended.
local function phoneIn(fields, now)
  local phone = { opened = 0, ended = 0, endedAt = 0, isInForce = false, guesses = fields.g or '', inFlight = {} }
  for name, value in pairs(fields) do
    if #name == NONCE_BYTES + 1 and string.sub(name, -1) == 'i' then
      local isReadable = #value == TIME_BYTES
      phone.inFlight[string.sub(name, 1, NONCE_BYTES)] = isReadable and timeOf(struct.unpack('>I5', value)) or 0
    end
  end
  phone.isDamaged = (fields.c and #fields.c ~= PHONE_BYTES) or #phone.guesses % TIME_BYTES ~= 0
  if phone.isDamaged then
    phone.opened, phone.ended, phone.endedAt = now, now, now
    phone.guesses = string.rep(struct.pack('>I5', storedTime(now)), LARGEST_GUESS_BUDGET)
  elseif fields.c then
    local opened, ended, endedAt, inForce = struct.unpack(PHONE, fields.c)
    phone.opened, phone.ended, phone.endedAt = timeOf(opened), timeOf(ended), timeOf(endedAt)
    phone.isInForce = inForce == 1
  end
  return phone
end

-- Without the guesses that are older than 24 hours.
local function recentGuesses(phone, now)
  local recent = {}
  for first = 1, #phone.guesses, TIME_BYTES do
    if timeOf(struct.unpack('>I5', phone.guesses, first)) + DAY > now then
      table.insert(recent, string.sub(phone.guesses, first, first + TIME_BYTES - 1))
    end
  end
  return table.concat(recent)
end

-- How long until another guess is possible for the phone, in ms; 0 is now.
local function waitForGuess(phone, maxWrong, now)
  local recent = recentGuesses(phone, now)
  local count = #recent / TIME_BYTES
  if count < maxWrong then
    return 0
  end
  if maxWrong == 0 then
    return DAY
  end
  return timeOf(struct.unpack('>I5', recent, (count - maxWrong) * TIME_BYTES + 1)) + DAY - now
end

local function isInForce(phone, code)
  return phone.isInForce and code.number == phone.ended
end

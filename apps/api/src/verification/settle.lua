-- Says how the send of a code ended, or forgets the code; see `settle` and `discard` in verification.rule.ts.
--   KEYS[1]  the phone's codes    KEYS[2]  the code
--   ARGV[1]  nonce    ARGV[2]  'accepted', 'unknown', 'failed' or 'discard'    ARGV[3]  why it failed, or the message's SID, or ''
local nonce, outcome, detail = ARGV[1], ARGV[2], ARGV[3]

redis.call('HDEL', KEYS[1], 'in:' .. nonce)
if outcome == 'discard' then
  redis.call('DEL', KEYS[2])
  return 1
end

local code = redis.call('HMGET', KEYS[2], 'number', 'send')
local number, send = tonumber(code[1] or ''), code[2]
if send ~= 'in_flight' or not number then
  return 0
end
redis.call('HSET', KEYS[2], 'send', outcome)
if outcome == 'failed' then
  redis.call('HSET', KEYS[2], 'failure', detail)
  return 1
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if outcome == 'accepted' then
  redis.call('HSET', KEYS[2], 'sid', detail, 'news_at', now)
end
local phone = redis.call('HMGET', KEYS[1], 'opened', 'ended')
local opened, ended = tonumber(phone[1] or '0'), tonumber(phone[2] or '0')
if number > ended and number <= opened then
  redis.call('HSET', KEYS[1], 'current', nonce, 'ended', number, 'ended_at', now)
end
return 1

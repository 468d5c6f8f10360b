import { createHash } from 'node:crypto';

/** A Lua script, run by its hash once the server knows it. */
export interface RedisScript {
  readonly source: string;
  readonly sha1: string;
}

/**
 * Redis's clock is the only clock the gateways share, and it steps: an administrator sets it, or a replica with another
 * clock becomes the master. TTLs are instants of the same clock. So every script bounds the instants it reads: an
 * instant further in the future than the script itself would write counts as expired. `typed` reads a key, and deletes
 * a key of the wrong type, because the gateway owns every key under its prefix.
 */
const PRELUDE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function typed(...)
  local reply = redis.pcall(...)
  if type(reply) ~= 'table' or not reply.err then return reply end
  if string.find(reply.err, 'WRONGTYPE', 1, true) then redis.call('DEL', KEYS[1]) end
  return redis.call(...)
end
`;

/**
 * KEYS: tick, state. ARGV: exclusion in ms, after, TTL in ms without a state, TTL in ms with a state. Answers the
 * granted version or nil. A version is higher than the last granted one, than the stored state's and than `after`; only
 * where all three are unknown does Redis's clock choose it. A refused claim notes its `after` for the next grant.
 */
export const CLAIM = script(`${PRELUDE}
local version, claimedAt = 0, nil
local tick = typed('GET', KEYS[1])
if tick then
  local v, at = string.match(tick, '^(%d+):(%d+)$')
  version, claimedAt = tonumber(v) or 0, tonumber(at)
end
local after = tonumber(ARGV[2])
if claimedAt and now >= claimedAt and now - claimedAt < tonumber(ARGV[1]) then
  if after > version then
    local ttl = math.max(redis.call('PTTL', KEYS[1]), 1)
    redis.call('SET', KEYS[1], string.format('%.0f:%.0f', after, claimedAt), 'PX', ttl)
  end
  return false
end
local head = redis.pcall('GETRANGE', KEYS[2], 0, 16)
local stored = type(head) == 'string' and head ~= '' and tonumber(string.match(head, '^(%d+):')) or nil
version = math.max(version + 1, (stored or 0) + 1, now, after + 1)
redis.call('SET', KEYS[1], string.format('%.0f:%.0f', version, now), 'PX', stored and ARGV[4] or ARGV[3])
return version
`);

/** KEYS: state. ARGV: version, envelope, TTL in ms, PUBLISH or SPUBLISH, channel. Answers 1, or 0 for an old version. */
export const PUBLISH = script(`
local head = redis.pcall('GETRANGE', KEYS[1], 0, 16)
local kept = type(head) == 'string' and tonumber(string.match(head, '^(%d+):')) or 0
if kept > tonumber(ARGV[1]) then return 0 end
if tonumber(ARGV[3]) > 0 then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
redis.call(ARGV[4], ARGV[5], ARGV[2])
return 1
`);

/** KEYS: state. Answers the stored envelope and the ms left of its TTL, or nil; nil for a key of the wrong type. */
export const READ = script(`
local envelope = redis.pcall('GET', KEYS[1])
if type(envelope) ~= 'string' then return false end
return {envelope, redis.call('PTTL', KEYS[1])}
`);

/**
 * KEYS: rate. ARGV: ms per call, number of calls, how far ahead of now the next free slot may lie, in ms. Answers the ms
 * until the reserved slots begin. See slot-reservations.ts.
 */
export const RESERVE = script(`${PRELUDE}
local start = math.max(now, tonumber(typed('GET', KEYS[1]) or '0') or 0)
if start > now + tonumber(ARGV[3]) then start = now end
local free = start + tonumber(ARGV[1]) * tonumber(ARGV[2])
redis.call('SET', KEYS[1], string.format('%.3f', free), 'PX', math.ceil(free - now) + 1000)
return math.ceil(start - now)
`);

/**
 * KEYS: nodes. ARGV: sender, lifetime in ms, PUBLISH or SPUBLISH, channel, 'join' or 'leave'. Registers or removes the
 * sender; answers the number of gateways and publishes the number when it has changed. An expiry further away than one
 * lifetime is set back to one lifetime, so that a gateway that is gone does not count for as long as the clock stepped.
 */
export const REGISTER = script(`${PRELUDE}
local lifetime = tonumber(ARGV[2])
local changed = 0
if ARGV[5] == 'join' then
  changed = typed('ZADD', KEYS[1], now + lifetime, ARGV[1])
  for _, sender in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%.0f', now + lifetime), '+inf')) do
    redis.call('ZADD', KEYS[1], now + lifetime, sender)
  end
  redis.call('PEXPIRE', KEYS[1], lifetime)
else
  changed = typed('ZREM', KEYS[1], ARGV[1])
end
changed = changed + redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local count = redis.call('ZCARD', KEYS[1])
if changed > 0 then redis.call(ARGV[3], ARGV[4], 'nodes:' .. count) end
return count
`);

/** Reads a field `end:length` of the pauses: the ms left, or 0 when the pause is over or lies beyond its own length. */
const PAUSE_LEFT = `
local function left(field)
  local till, length = string.match(field or '', '^(%d+):(%d+)$')
  local ms = till and tonumber(till) - now or 0
  return ms > 0 and ms <= tonumber(length) and ms or 0
end
`;

/** KEYS: pauses. ARGV: key, ms, PUBLISH or SPUBLISH, channel, message. A longer pause in force stays. */
export const PAUSE = script(`${PRELUDE}${PAUSE_LEFT}
local ms = tonumber(ARGV[2])
if ms <= left(typed('HGET', KEYS[1], ARGV[1])) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f:%.0f', now + ms, ms))
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.max(redis.call('PTTL', KEYS[1]), ms)))
redis.call(ARGV[3], ARGV[4], ARGV[5])
return 1
`);

/** KEYS: pauses. Answers the paused keys, each followed by the ms left, and deletes the pauses that are over. */
export const PAUSES = script(`${PRELUDE}${PAUSE_LEFT}
local stored = typed('HGETALL', KEYS[1])
local found = {}
for i = 1, #stored, 2 do
  local ms = left(stored[i + 1])
  if ms > 0 then
    found[#found + 1] = stored[i]
    found[#found + 1] = string.format('%.0f', ms)
  else
    redis.call('HDEL', KEYS[1], stored[i])
  end
end
return found
`);

function script(source: string): RedisScript {
  return { source, sha1: createHash('sha1').update(source).digest('hex') };
}

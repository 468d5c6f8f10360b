import { createHash } from 'node:crypto';

/** A Lua script, run by its hash once the server knows it. */
export interface RedisScript {
  readonly source: string;
  readonly sha1: string;
}

/** The server's clock is the only one the gateways share. */
const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/**
 * KEYS: tick. ARGV: refusal in ms, after, TTL in ms. Answers the granted version or nil. A Redis that came back empty
 * starts at its clock or at what the claimant knows, whichever is higher, so versions never fall.
 */
export const CLAIM = script(`${NOW}
local version, claimedAt = 0, nil
local tick = redis.call('GET', KEYS[1])
if tick then
  local v, at = string.match(tick, '^(%d+):(%d+)$')
  version, claimedAt = tonumber(v) or 0, tonumber(at)
end
if claimedAt and now >= claimedAt and now - claimedAt < tonumber(ARGV[1]) then return false end
version = math.max(version + 1, now, tonumber(ARGV[2]) + 1)
redis.call('SET', KEYS[1], string.format('%.0f:%.0f', version, now), 'PX', ARGV[3])
return version
`);

/** KEYS: state. ARGV: version, envelope, TTL in ms, PUBLISH or SPUBLISH, channel. Answers 1, or 0 for an old version. */
export const PUBLISH = script(`
local kept = tonumber(string.match(redis.call('GETRANGE', KEYS[1], 0, 16), '^(%d+):')) or 0
if kept > tonumber(ARGV[1]) then return 0 end
if tonumber(ARGV[3]) > 0 then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
redis.call(ARGV[4], ARGV[5], ARGV[2])
return 1
`);

/** KEYS: budget. ARGV: ms per call, number of calls. Answers the ms until the booked slots begin. See gcra.ts. */
export const RESERVE = script(`${NOW}
local start = math.max(now, tonumber(redis.call('GET', KEYS[1]) or '0') or 0)
local free = start + tonumber(ARGV[1]) * tonumber(ARGV[2])
redis.call('SET', KEYS[1], string.format('%.3f', free), 'PX', math.ceil(free - now) + 1000)
return math.ceil(start - now)
`);

/**
 * KEYS: nodes. ARGV: sender, TTL in ms, PUBLISH or SPUBLISH, channel. Registers the sender, or with a TTL of 0 takes it
 * out; answers the number of gateways and publishes it when it has changed.
 */
export const REGISTER = script(`${NOW}
local ttl = tonumber(ARGV[2])
local changed = 0
if ttl > 0 then
  changed = redis.call('ZADD', KEYS[1], now + ttl, ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ttl)
else
  changed = redis.call('ZREM', KEYS[1], ARGV[1])
end
changed = changed + redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local count = redis.call('ZCARD', KEYS[1])
if changed > 0 then redis.call(ARGV[3], ARGV[4], 'nodes:' .. count) end
return count
`);

/** KEYS: pauses. ARGV: lane, ms, PUBLISH or SPUBLISH, channel, message. A longer pause in force stays. */
export const PAUSE = script(`${NOW}
local till = now + tonumber(ARGV[2])
if till <= tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or '0') then return 0 end
redis.call('ZADD', KEYS[1], string.format('%.0f', till), ARGV[1])
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.max(redis.call('PTTL', KEYS[1]), tonumber(ARGV[2]))))
redis.call(ARGV[3], ARGV[4], ARGV[5])
return 1
`);

/** KEYS: pauses. Answers the lanes paused now, each followed by the ms left. */
export const PAUSES = script(`${NOW}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local found = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
for i = 2, #found, 2 do found[i] = string.format('%.0f', found[i] - now) end
return found
`);

function script(source: string): RedisScript {
  return { source, sha1: createHash('sha1').update(source).digest('hex') };
}

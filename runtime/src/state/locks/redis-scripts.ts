// Lua that Redis runs as one step. Numbers are passed as text: Lua's have 14 digits when written.

/** What Redis runs, and how it is called in messages. */
export interface Script {
  readonly verb: string;
  readonly lua: string;
}

/**
 * `next_fence(key)`: higher than all before, also after a Redis lost its memory, because it is at
 * least the time in milliseconds.
 */
const NEXT_FENCE = `
  local function now_ms()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
  end
  local function next_fence(key)
    local fence = math.max(tonumber(redis.call('GET', key) or '0') + 1, now_ms())
    local text = string.format('%.0f', fence)
    redis.call('SET', key, text)
    return text
  end
  local function take(key, fence_key, token, holder, ttl)
    if redis.call('EXISTS', key) == 1 then return false end
    local fence = next_fence(fence_key)
    local since = string.format('%.0f', now_ms())
    local value = cjson.encode({ token = token, holder = holder, fence = fence, since = since })
    redis.call('SET', key, value, 'PX', ttl)
    return fence
  end`;

/** `is_own(key, token)`: nobody else has taken it since. */
const IS_OWN = `
  local function is_own(key, token)
    local value = redis.call('GET', key)
    return value and cjson.decode(value).token == token
  end`;

/** Keys: lease, fence. Values: token, holder, time to live in ms. The fence, or nothing. */
export const ACQUIRE: Script = {
  verb: "take a lease",
  lua: `${NEXT_FENCE}
  return take(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3])`,
};

/** Keys: lease. Values: token, time to live in ms. 1 when it is still ours. */
export const RENEW: Script = {
  verb: "renew a lease",
  lua: `${IS_OWN}
  if not is_own(KEYS[1], ARGV[1]) then return 0 end
  return redis.call('PEXPIRE', KEYS[1], ARGV[2])`,
};

/** Keys: lease. Values: token. */
export const RELEASE: Script = {
  verb: "release a lease",
  lua: `${IS_OWN}
  if not is_own(KEYS[1], ARGV[1]) then return 0 end
  return redis.call('DEL', KEYS[1])`,
};

/** Keys: slot, fence, finished slots. Values: token, holder, time to live, slot in ms, slots remembered. */
export const CLAIM: Script = {
  verb: "claim a slot",
  lua: `${NEXT_FENCE}
  if redis.call('ZSCORE', KEYS[3], ARGV[4]) then return false end
  if redis.call('ZCARD', KEYS[3]) >= tonumber(ARGV[5]) then
    local oldest = redis.call('ZRANGE', KEYS[3], 0, 0)[1]
    if tonumber(ARGV[4]) < tonumber(oldest) then return false end
  end
  return take(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3])`,
};

/** Keys: slot, finished slots. Values: token, slot in ms, slots remembered. 1 when it was still ours. */
export const FINISH: Script = {
  verb: "finish a slot",
  lua: `${IS_OWN}
  if not is_own(KEYS[1], ARGV[1]) then return 0 end
  redis.call('ZADD', KEYS[2], ARGV[2], ARGV[2])
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -1 - tonumber(ARGV[3]))
  return redis.call('DEL', KEYS[1])`,
};

import { randomUUID } from "node:crypto";

import type { Env } from "../contract/env.ts";
import { openRedis, type RedisConnection } from "../databases/redis/connection.ts";
import {
  type Holder,
  type Lease,
  type LeaseRequest,
  type LeaseStore,
  pollForLease,
  renewLease,
  type SlotLease,
  SLOTS_REMEMBERED,
} from "./leases.ts";

/** Pause between two attempts of a waiter: Redis does not wake it. */
const POLL_MS = 150;

const FENCE = "opspec:fence";
const leaseKey = (name: string) => `opspec:lease:${name}`;
const slotKey = (job: string, slot: Date) => `opspec:slot:${job}:${slot.getTime()}`;
const finishedKey = (job: string) => `opspec:slots:${job}`;

/** What Redis runs as one step, with its verb in messages. Numbers are passed as text: Lua writes 14 digits only. */
interface Script {
  readonly verb: string;
  readonly lua: string;
}

/**
 * `next_fence(key)`: grows also after Redis lost its data, because it is at least the time in
 * milliseconds.
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

/** `is_own(key, token)`: no other process has taken it since. */
const IS_OWN = `
  local function is_own(key, token)
    local value = redis.call('GET', key)
    return value and cjson.decode(value).token == token
  end`;

/** Keys: lease, fence. Values: token, holder, time to live in ms. The fence, or nothing. */
const ACQUIRE: Script = {
  verb: "take a lease",
  lua: `${NEXT_FENCE}
  return take(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3])`,
};

/** Keys: lease. Values: token, time to live in ms. 1 when it is still ours. */
const RENEW: Script = {
  verb: "renew a lease",
  lua: `${IS_OWN}
  if not is_own(KEYS[1], ARGV[1]) then return 0 end
  return redis.call('PEXPIRE', KEYS[1], ARGV[2])`,
};

/** Keys: lease. Values: token. */
const RELEASE: Script = {
  verb: "release a lease",
  lua: `${IS_OWN}
  if not is_own(KEYS[1], ARGV[1]) then return 0 end
  return redis.call('DEL', KEYS[1])`,
};

/** Keys: slot, fence, finished slots. Values: token, holder, time to live, slot in ms, slots remembered. */
const CLAIM: Script = {
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
const FINISH: Script = {
  verb: "finish a slot",
  lua: `${IS_OWN}
  if not is_own(KEYS[1], ARGV[1]) then return 0 end
  redis.call('ZADD', KEYS[2], ARGV[2], ARGV[2])
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -1 - tonumber(ARGV[3]))
  return redis.call('DEL', KEYS[1])`,
};

/**
 * Leases in a Redis: a key with a TTL and a token that only its holder knows.
 *
 * While Redis does not answer, no lease is given, and held leases are lost before they expire there.
 */
export async function openRedisLeases(urlEnv: string, env: Env): Promise<LeaseStore> {
  const redis = await openRedis(urlEnv, env);
  const acquire = async (request: LeaseRequest): Promise<Lease | undefined> => {
    const { name, holder, ttlMs } = request;
    const key = leaseKey(name);
    const held = await hold(redis, { key, ttlMs }, (token) =>
      evaluate(redis, ACQUIRE, {
        keys: [key, FENCE],
        values: [token, holder, String(ttlMs)],
      }),
    );
    return held?.lease;
  };
  return {
    acquire,
    waitFor: (request, signal) => pollForLease(() => acquire(request), { signal, pollMs: POLL_MS }),
    claimSlot: (request, slot) => claimSlot(redis, request, slot),
    holderOf: async (name) => {
      const text = await redis.use("read a lease", (client) => client.get(leaseKey(name)));
      return text === null ? undefined : holderFrom(text);
    },
    close: () => redis.close(),
  };
}

async function claimSlot(
  redis: RedisConnection,
  { name, holder, ttlMs }: LeaseRequest,
  slot: Date,
): Promise<SlotLease | undefined> {
  const key = slotKey(name, slot);
  const finished = finishedKey(name);
  const limits = [String(slot.getTime()), String(SLOTS_REMEMBERED)];
  const held = await hold(redis, { key, ttlMs }, (token) =>
    evaluate(redis, CLAIM, {
      keys: [key, FENCE, finished],
      values: [token, holder, String(ttlMs), ...limits],
    }),
  );
  if (!held) return undefined;
  const { lease, token, stop } = held;
  return {
    ...lease,
    finish: async () => {
      if (lease.lost.aborted) return false;
      stop();
      const keys = [key, finished];
      const values = [token, ...limits];
      return (await evaluate(redis, FINISH, { keys, values })) === 1;
    },
  };
}

interface Held {
  readonly lease: Lease;
  readonly token: string;
  readonly stop: () => void;
}

async function hold(
  redis: RedisConnection,
  { key, ttlMs }: { key: string; ttlMs: number },
  take: (token: string) => Promise<unknown>,
): Promise<Held | undefined> {
  const token = randomUUID();
  const sentAtMs = performance.now();
  const fence = await take(token);
  if (fence === null) return undefined;
  const renew = async () =>
    (await evaluate(redis, RENEW, {
      keys: [key],
      values: [token, String(ttlMs)],
    })) === 1;
  const kept = renewLease({ ttlMs, sentAtMs, renew });
  const release = async () => {
    kept.stop();
    if (kept.lost.aborted) return;
    await evaluate(redis, RELEASE, { keys: [key], values: [token] });
  };
  return { lease: { fence: Number(fence), lost: kept.lost, release }, token, stop: kept.stop };
}

async function evaluate(
  redis: RedisConnection,
  { verb, lua }: Script,
  { keys, values }: { keys: readonly string[]; values: readonly string[] },
): Promise<unknown> {
  return await redis.use(verb, (client) => client.eval(lua, keys.length, ...keys, ...values));
}

/** The value was made by our own script. */
function holderFrom(text: string): Holder {
  const { holder, since } = JSON.parse(text) as { holder: string; since: string };
  return { holder, sinceMs: Number(since) };
}

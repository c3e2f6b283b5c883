import { randomUUID } from "node:crypto";
import type { Env } from "../contract/env.ts";
import { openRedis, type RedisConnection } from "../databases/redis.ts";
import {
  type Holder,
  type LeaseRequest,
  type LeaseStore,
  pollForLease,
  renewLease,
  type SlotLease,
  SLOTS_REMEMBERED,
} from "./leases.ts";

const FENCE = "opspec:fence";
const leaseKey = (name: string) => `opspec:lease:${name}`;
const finishedKey = (job: string) => `opspec:slots:${job}`;

/** What Redis runs as one step, after its verb for messages. */
type Script = readonly [verb: string, lua: string];

/**
 * Keys: lease or slot, fence, finished slots. Values: token, holder, TTL in ms, slots remembered, and
 * the slot in ms or nothing. Returns the fence, or nothing when another process holds it or the slot
 * was finished.
 *
 * A fence grows also after Redis lost its data, because it is at least the time in milliseconds.
 * Numbers are passed as text: Lua writes 14 digits only.
 */
const TAKE: Script = [
  "take a lease",
  `
  local slot = ARGV[5]
  if slot ~= '' then
    if redis.call('ZSCORE', KEYS[3], slot) then return false end
    if redis.call('ZCARD', KEYS[3]) >= tonumber(ARGV[4]) then
      local oldest = redis.call('ZRANGE', KEYS[3], 0, 0)[1]
      if tonumber(slot) < tonumber(oldest) then return false end
    end
  end
  if redis.call('EXISTS', KEYS[1]) == 1 then return false end
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local fence = math.max(tonumber(redis.call('GET', KEYS[2]) or '0') + 1, now)
  local text = string.format('%.0f', fence)
  redis.call('SET', KEYS[2], text)
  local since = string.format('%.0f', now)
  local value = cjson.encode({ token = ARGV[1], holder = ARGV[2], fence = text, since = since })
  redis.call('SET', KEYS[1], value, 'PX', ARGV[3])
  return text`,
];

/** Returns 0 unless the lease in the first key still has the token in the first value. */
const IF_OWN = `
  local value = redis.call('GET', KEYS[1])
  if not (value and cjson.decode(value).token == ARGV[1]) then return 0 end`;

/** Keys: lease or slot. Values: token, TTL in ms. */
const RENEW: Script = [
  "renew a lease",
  `${IF_OWN}
  return redis.call('PEXPIRE', KEYS[1], ARGV[2])`,
];

/** Keys: lease or slot. Values: token. */
const RELEASE: Script = [
  "release a lease",
  `${IF_OWN}
  return redis.call('DEL', KEYS[1])`,
];

/** Keys: slot, finished slots. Values: token, slot in ms, slots remembered. */
const FINISH: Script = [
  "finish a slot",
  `${IF_OWN}
  redis.call('ZADD', KEYS[2], ARGV[2], ARGV[2])
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -1 - tonumber(ARGV[3]))
  return redis.call('DEL', KEYS[1])`,
];

/**
 * Leases in a Redis: a key with a TTL and a token that only its holder knows.
 *
 * While Redis does not answer, no lease is given, and held leases are lost before they expire there.
 */
export async function openRedisLeases(urlEnv: string, env: Env): Promise<LeaseStore> {
  const redis = await openRedis(urlEnv, env);
  return {
    acquire: (request) => hold(redis, request),
    waitFor: (request, signal) => pollForLease(() => hold(redis, request), signal),
    claimSlot: (request, slot) => hold(redis, request, slot),
    holderOf: async (name) => {
      const text = await redis.use("read a lease", (client) => client.get(leaseKey(name)));
      return text === null ? undefined : holderFrom(text);
    },
    close: () => redis.close(),
  };
}

/** The lease of a job, or of one of its slots. */
async function hold(
  redis: RedisConnection,
  { name, holder, ttlMs }: LeaseRequest,
  slot?: Date,
): Promise<SlotLease | undefined> {
  const token = randomUUID();
  const ttl = String(Math.ceil(ttlMs));
  const at = String(slot?.getTime() ?? "");
  const key = slot ? `opspec:slot:${name}:${at}` : leaseKey(name);
  const finished = finishedKey(name);
  const remembered = String(SLOTS_REMEMBERED);
  const run = ([verb, lua]: Script, keys: string[], more: string[]) =>
    redis.use(verb, (client) => client.eval(lua, keys.length, ...keys, token, ...more));

  const sentAtMs = performance.now();
  const values = [holder, ttl, remembered, at];
  const fence = await run(TAKE, [key, FENCE, finished], values);
  if (fence === null) return undefined;
  const renew = async () => (await run(RENEW, [key], [ttl])) === 1;
  const kept = renewLease({ ttlMs, sentAtMs, renew });
  const release = async (): Promise<void> => {
    kept.stop();
    if (!kept.lost.aborted) await run(RELEASE, [key], []);
  };
  const finish = async (): Promise<boolean> => {
    kept.stop();
    if (kept.lost.aborted) return false;
    return (await run(FINISH, [key, finished], [at, remembered])) === 1;
  };
  return { fence: Number(fence), lost: kept.lost, release, finish };
}

/** The value was made by our own script. */
function holderFrom(text: string): Holder {
  const { holder, since } = JSON.parse(text) as { holder: string; since: string };
  return { holder, sinceMs: Number(since) };
}

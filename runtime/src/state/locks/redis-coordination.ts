import { randomUUID } from "node:crypto";

import type { Coordination, Holder, Lease, LeaseRequest, SlotLease } from "../coordination.ts";
import { openRedis, type RedisConnection } from "../../databases/redis/connection.ts";
import type { Env } from "../../contract/env.ts";
import { keepLease } from "./keep-alive.ts";
import { pollForLease } from "./poll.ts";
import { ACQUIRE, CLAIM, FINISH, RELEASE, RENEW, type Script } from "./redis-scripts.ts";
import { SLOTS_REMEMBERED } from "./slot-memory.ts";

const FENCE = "opspec:fence";
const leaseKey = (name: string) => `opspec:lease:${name}`;
const slotKey = (job: string, slot: Date) => `opspec:slot:${job}:${slot.getTime()}`;
const finishedKey = (job: string) => `opspec:slots:${job}`;

/**
 * Leases in a Redis: a key with a time to live and a token that only its holder knows.
 *
 * A Redis that does not answer gives no lease and lets held ones be lost before they end there.
 */
export async function openRedisCoordination(urlEnv: string, env: Env): Promise<Coordination> {
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
    waitFor: (request, signal) => pollForLease(() => acquire(request), signal),
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
  const kept = keepLease({ ttlMs, sentAtMs, renew });
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

import { postgresConnection } from "../../databases/postgres.ts";
import { redisConnection } from "../../databases/redis.ts";
import { queueLength } from "../../sources/queues.ts";
import type { Probe } from "../check.ts";
import { CheckError } from "../error-words.ts";
import type { ProbeContext, ProbeTarget } from "../preset.ts";

/** Postgres answers a query. */
export function postgresProbe({ urlEnv }: ProbeTarget<"postgres">, { env }: ProbeContext): Probe {
  const { query, close } = postgresConnection(urlEnv, env);
  return { probe: (signal) => query("select 1", signal).then(() => undefined), close };
}

/** Clocks further apart run a slot early or late; machines with NTP differ by some milliseconds. */
const MAX_SKEW_MS = 2000;

/** This machine's clock agrees with the one of Postgres, which decides in locks and leases. */
export function clockProbe(
  { urlEnv, maxSkewMs = MAX_SKEW_MS }: ProbeTarget<"clock">,
  { env }: ProbeContext,
): Probe {
  const { query, close } = postgresConnection(urlEnv, env);
  return {
    probe: async (signal) => {
      await query("select 1", signal);
      const before = Date.now();
      const [row] = await query(
        "select extract(epoch from clock_timestamp()) * 1000 as now",
        signal,
      );
      const after = Date.now();
      const theirs = Number(row?.["now"]);
      if (!Number.isFinite(theirs)) throw new CheckError("Postgres returned no time");
      // 0 inside the span of the query, because the answer may be from any moment of it.
      const value = Math.round(Math.max(before - theirs, theirs - after, 0));
      return value <= maxSkewMs ? { value } : { value, problem: `clocks differ by ${value} ms` };
    },
    close,
  };
}

/** Redis answers a PING. */
export function redisProbe({ urlEnv }: ProbeTarget<"redis">, { env }: ProbeContext): Probe {
  const { use, close } = redisConnection(urlEnv, env);
  return { probe: (signal) => use((it) => it.ping(), signal).then(() => undefined), close };
}

/** The number of entries in a Redis list, stream or sorted set. A missing key is an empty queue. */
export function queueProbe(
  { urlEnv, key, max }: ProbeTarget<"queue">,
  { env }: Pick<ProbeContext, "env">,
): Probe {
  const { use, close } = redisConnection(urlEnv, env);
  return {
    probe: async (signal) => {
      const { length: value } = await use((redis) => queueLength(redis, key), signal);
      if (max === undefined || value <= max) return { value };
      return { value, problem: `${value} entries, more than ${max}` };
    },
    close,
  };
}

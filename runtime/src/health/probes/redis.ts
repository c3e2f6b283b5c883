import type { Env } from "../../contract/env.ts";
import type { Probe } from "./probe.ts";
import { redisConnection } from "./redis-connection.ts";

/** Redis answers a PING. */
export function redisProbe(urlEnv: string, env: Env): Probe {
  const connection = redisConnection(urlEnv, env);
  return {
    look: async (signal) => {
      await connection.use((redis) => redis.ping(), signal);
      return {};
    },
    close: connection.close,
  };
}

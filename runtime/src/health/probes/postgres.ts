import type { Env } from "../../contract/env.ts";
import { postgresConnection } from "./postgres-connection.ts";
import type { Probe } from "./probe.ts";

/** Postgres answers a query. */
export function postgresProbe(urlEnv: string, env: Env): Probe {
  const connection = postgresConnection(urlEnv, env);
  return {
    look: async (signal) => {
      await connection.query("select 1", signal);
      return {};
    },
    close: connection.close,
  };
}

import type { Env } from "../../contract/env.ts";
import { postgresConnection } from "../../databases/postgres/session.ts";
import { CheckError, type Probe } from "../check.ts";

/** Postgres answers a query. */
export function postgresProbe(urlEnv: string, env: Env): Probe {
  const connection = postgresConnection(urlEnv, env);
  return {
    probe: async (signal) => {
      await connection.query("select 1", signal);
      return {};
    },
    close: connection.close,
  };
}

/** Clocks further apart run a slot early or late; machines with NTP differ by some milliseconds. */
const MAX_SKEW_MS = 2000;

/** This machine's clock agrees with the one of Postgres, which decides in locks and leases. */
export function clockProbe(
  { urlEnv, maxSkewMs = MAX_SKEW_MS }: { urlEnv: string; maxSkewMs?: number | undefined },
  env: Env,
): Probe {
  const connection = postgresConnection(urlEnv, env);
  return {
    probe: async (signal) => {
      await connection.query("select 1", signal);
      const before = Date.now();
      const rows = await connection.query(
        "select extract(epoch from clock_timestamp()) * 1000 as now",
        signal,
      );
      const after = Date.now();
      const theirs = Number(rows[0]?.["now"]);
      if (!Number.isFinite(theirs)) throw new CheckError("Postgres returned no time");
      // 0 inside the span of the query, because the answer may be from any moment of it.
      const value = Math.round(Math.max(before - theirs, theirs - after, 0));
      return value <= maxSkewMs ? { value } : { value, problem: `clocks differ by ${value} ms` };
    },
    close: connection.close,
  };
}

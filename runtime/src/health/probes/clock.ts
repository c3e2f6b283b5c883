import type { Env } from "../../contract/env.ts";
import { CheckError } from "../check.ts";
import { postgresConnection } from "./postgres-connection.ts";
import type { Probe } from "./probe.ts";

/** Clocks further apart run a slot early or late; machines with NTP differ by some milliseconds. */
const MAX_SKEW_MS = 2000;

/** This machine's clock agrees with the one of Postgres, which decides in locks and leases. */
export function clockProbe(
  { urlEnv, maxSkewMs = MAX_SKEW_MS }: { urlEnv: string; maxSkewMs?: number | undefined },
  env: Env,
): Probe {
  const connection = postgresConnection(urlEnv, env);
  return {
    look: async (signal) => {
      await connection.query("select 1", signal);
      const before = Date.now();
      const rows = await connection.query(
        "select extract(epoch from clock_timestamp()) * 1000 as now",
        signal,
      );
      const after = Date.now();
      const theirs = Number(rows[0]?.["now"]);
      if (!Number.isFinite(theirs)) throw new CheckError("Postgres told no time");
      const skewMs = Math.round(distance(theirs, before, after));
      if (skewMs <= maxSkewMs) return { value: skewMs };
      return { value: skewMs, problem: `clocks differ by ${skewMs} ms` };
    },
    close: connection.close,
  };
}

/** From an instant to a span; 0 inside it, because the answer may be from any moment of the query. */
function distance(instant: number, from: number, to: number): number {
  return Math.max(from - instant, instant - to, 0);
}

import type { ProbeContext, Probe } from "./probe.ts";
import { CheckError } from "../check.ts";

/** A job ended well within a span; the value is how many seconds ago it last did. */
export function jobProbe(
  { job, withinSeconds }: { job: string; withinSeconds: number },
  { records }: ProbeContext,
): Probe {
  return {
    look: async () => {
      if (!records) throw new CheckError("no store of run records is declared");
      const [last] = await records.list({ job, status: "ok", limit: 1 });
      if (!last) return { problem: "has never ended well" };
      const endMs = Date.parse(last.startedAt) + last.durationMs;
      const ageSeconds = Math.max(0, Math.round((Date.now() - endMs) / 1000));
      if (ageSeconds <= withinSeconds) return { value: ageSeconds };
      return {
        value: ageSeconds,
        problem: `ended well ${ageSeconds} s ago, not within ${withinSeconds} s`,
      };
    },
  };
}

import type { Probe, ProbeContext } from "./probe.ts";

/** The app gave a sign of life within a span; the value is how many seconds ago it last did. */
export function heartbeatProbe(
  { name, withinSeconds }: { name: string; withinSeconds: number },
  { reports, clock }: ProbeContext,
): Probe {
  return {
    peek: () => {
      const at = reports.heartbeat(name);
      if (!at) return { problem: "never beat" };
      const value = Math.round((clock.now().getTime() - at.getTime()) / 1000);
      if (value <= withinSeconds) return { value };
      return { value, problem: `last beat ${value} s ago, not within ${withinSeconds} s` };
    },
  };
}

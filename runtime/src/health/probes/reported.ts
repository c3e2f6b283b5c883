import { CheckError, type Probe, type ProbeResult } from "../check.ts";
import type { ProbeContext } from "../preset.ts";

/** The app's last report about a part of itself. A part that never reported is not ok. */
export function componentProbe({ name }: { name: string }, { reports }: ProbeContext): Probe {
  return {
    read: () => {
      const report = reports.component(name);
      if (!report) return { problem: "never reported" };
      return report.ok ? {} : { problem: report.detail ?? "reported as not ok" };
    },
  };
}

/** The app gave a sign of life within a time; the value is the age of the last one in seconds. */
export function heartbeatProbe(
  { name, withinSeconds }: { name: string; withinSeconds: number },
  { reports, clock }: ProbeContext,
): Probe {
  return {
    read: () => {
      const at = reports.heartbeat(name);
      if (!at) return { problem: "never beat" };
      const value = Math.round((clock.now().getTime() - at.getTime()) / 1000);
      return within({ value, withinSeconds, what: "last beat" });
    },
  };
}

/** A job succeeded within a time; the value is how many seconds ago its last success ended. */
export function jobProbe(
  { job, withinSeconds }: { job: string; withinSeconds: number },
  { records }: ProbeContext,
): Probe {
  return {
    probe: async () => {
      if (!records) throw new CheckError("no store of run records is declared");
      const [last] = await records.list({ job, status: "ok", limit: 1 });
      if (!last) return { problem: "has never ended well" };
      const endMs = Date.parse(last.startedAt) + last.durationMs;
      const value = Math.max(0, Math.round((Date.now() - endMs) / 1000));
      return within({ value, withinSeconds, what: "ended well" });
    },
  };
}

function within(age: { value: number; withinSeconds: number; what: string }): ProbeResult {
  const { value, withinSeconds, what } = age;
  if (value <= withinSeconds) return { value };
  return { value, problem: `${what} ${value} s ago, not within ${withinSeconds} s` };
}

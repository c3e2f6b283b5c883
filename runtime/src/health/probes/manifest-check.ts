import { valueOf } from "../../contract/env.ts";
import type { ManifestCheck } from "../../contract/health.ts";
import { describeDuration } from "../../schedule/schedule-words.ts";
import type { Check, Probe, ProbeResult } from "../check.ts";
import { CheckError } from "../error-words.ts";
import type { ProbeContext, ProbeTarget } from "../preset.ts";
import { clockProbe, postgresProbe, queueProbe, redisProbe } from "./databases.ts";
import { backupProbe, diskProbe, sqliteProbe } from "./files.ts";
import { httpProbe, tcpProbe } from "./network.ts";

/** A check of the manifest with its probe. */
export function manifestCheck({ probe, ...declared }: ManifestCheck, context: ProbeContext): Check {
  const urlEnv = "urlEnv" in probe ? probe.urlEnv : undefined;
  return {
    critical: false,
    ...declared,
    probeKind: probe.kind,
    isConfigured: urlEnv === undefined || valueOf(context.env, urlEnv) !== undefined,
    ...(probe.kind === "queue" ? { queue: probe.key } : {}),
    // The compiler does not see that the kind of the target is that of its probe.
    ...PROBES[probe.kind](probe as never, context),
  };
}

type Kind = ManifestCheck["probe"]["kind"];

const PROBES: Readonly<Record<Kind, (target: never, context: ProbeContext) => Probe>> = {
  postgres: postgresProbe,
  redis: redisProbe,
  http: httpProbe,
  tcp: tcpProbe,
  disk: diskProbe,
  sqlite: sqliteProbe,
  queue: queueProbe,
  job: jobProbe,
  backup: backupProbe,
  heartbeat: heartbeatProbe,
  component: componentProbe,
  clock: clockProbe,
};

/** The app's last report about a part of itself. A part that never reported is not ok. */
function componentProbe({ name }: ProbeTarget<"component">, { reports }: ProbeContext): Probe {
  return {
    read: () => {
      const report = reports.components.get(name);
      if (!report) return { problem: "never reported" };
      return report.ok ? {} : { problem: report.detail ?? "reported as not ok" };
    },
  };
}

/** The app gave a sign of life within a time; the value is the age of the last one in seconds. */
function heartbeatProbe(
  { name, withinSeconds }: ProbeTarget<"heartbeat">,
  { reports, clock }: ProbeContext,
): Probe {
  return {
    read: () => {
      const at = reports.heartbeats.get(name);
      if (!at) return { problem: "never beat" };
      const value = Math.round((clock.now().getTime() - at.getTime()) / 1000);
      return within({ value, withinSeconds, what: "last beat" });
    },
  };
}

/** A job succeeded within a time; the value is how many seconds ago its last success ended. */
function jobProbe({ job, withinSeconds }: ProbeTarget<"job">, { records }: ProbeContext): Probe {
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

function within(reading: { value: number; withinSeconds: number; what: string }): ProbeResult {
  const { value, withinSeconds, what } = reading;
  if (value <= withinSeconds) return { value };
  const [age, limit] = [value, withinSeconds].map(describeDuration);
  return { value, problem: `${what} ${age} ago, not within ${limit}` };
}

import type { ManifestCheck } from "../contract/health.ts";
import { valueOf } from "../contract/env.ts";
import type { Check } from "./check.ts";
import { backupProbe } from "./probes/backup.ts";
import { clockProbe } from "./probes/clock.ts";
import { componentProbe } from "./probes/component.ts";
import { diskProbe } from "./probes/disk.ts";
import { heartbeatProbe } from "./probes/heartbeat.ts";
import { httpProbe } from "./probes/http.ts";
import { jobProbe } from "./probes/job.ts";
import { postgresProbe } from "./probes/postgres.ts";
import type { Probe, ProbeContext } from "./probes/probe.ts";
import { queueProbe } from "./probes/queue.ts";
import { redisProbe } from "./probes/redis.ts";
import { sqliteProbe } from "./probes/sqlite.ts";
import { tcpProbe } from "./probes/tcp.ts";

/** A check of the manifest, ready to look. */
export function manifestCheck(check: ManifestCheck, context: ProbeContext): Check {
  const { name, kind, critical, timeoutMs, intervalMs, probe } = check;
  const urlEnv = "urlEnv" in probe ? probe.urlEnv : undefined;
  return {
    name,
    kind,
    probe: probe.kind,
    isConfigured: urlEnv === undefined || valueOf(context.env, urlEnv) !== undefined,
    ...(critical === undefined ? {} : { critical }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(intervalMs === undefined ? {} : { intervalMs }),
    ...(probe.kind === "queue" ? { queue: probe.key } : {}),
    ...toProbe(probe, context),
  };
}

function toProbe(probe: ManifestCheck["probe"], context: ProbeContext): Probe {
  const { env, directory } = context;
  switch (probe.kind) {
    case "postgres":
      return postgresProbe(probe.urlEnv, env);
    case "redis":
      return redisProbe(probe.urlEnv, env);
    case "http":
      return httpProbe(probe, context);
    case "tcp":
      return tcpProbe(probe);
    case "disk":
      return diskProbe(probe, directory);
    case "sqlite":
      return sqliteProbe(probe, directory);
    case "queue":
      return queueProbe(probe, env);
    case "job":
      return jobProbe(probe, context);
    case "backup":
      return backupProbe(probe, directory);
    case "heartbeat":
      return heartbeatProbe(probe, context);
    case "component":
      return componentProbe(probe, context);
    case "clock":
      return clockProbe(probe, env);
  }
}

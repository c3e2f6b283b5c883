import { valueOf } from "../../contract/env.ts";
import type { ManifestCheck } from "../../contract/health.ts";
import type { Check, Probe } from "../check.ts";
import type { ProbeContext } from "../preset.ts";
import { backupProbe, diskProbe } from "./files.ts";
import { httpProbe, tcpProbe } from "./network.ts";
import { clockProbe, postgresProbe } from "./postgres.ts";
import { queueProbe, redisProbe } from "./redis.ts";
import { componentProbe, heartbeatProbe, jobProbe } from "./reported.ts";
import { sqliteProbe } from "./sqlite.ts";

/** A check of the manifest with its probe. */
export function manifestCheck(check: ManifestCheck, context: ProbeContext): Check {
  const { name, kind, critical, timeoutMs, intervalMs, probe } = check;
  const urlEnv = "urlEnv" in probe ? probe.urlEnv : undefined;
  return {
    name,
    kind,
    probeKind: probe.kind,
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

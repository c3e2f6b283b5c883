import type { JobWork } from "./definition.ts";

/** Each job's work, imported when it is needed: a run of one job does not load the others. */
const WORK: Readonly<Record<string, () => Promise<JobWork>>> = {
  command: async () => (await import("./command/work.ts")).runCommand,
  http: async () => (await import("./http/work.ts")).callUrl,
  "cache-refresh": async () => (await import("./cache-refresh/work.ts")).refreshCaches,
  keepalive: async () => (await import("./keepalive/work.ts")).keepAwake,
  watchdog: async () => (await import("./watchdog/work.ts")).watchUrls,
  "dependency-gate": async () => (await import("./dependency-gate/work.ts")).passDependencyGates,
  freshness: async () => (await import("./freshness/work.ts")).guardFreshness,
  "run-summary": async () => (await import("./run-summary/work.ts")).summariseRuns,
  heartbeat: async () => (await import("./heartbeat/work.ts")).writeHeartbeat,
  "alerts-flush": async () => (await import("./alerts-flush/work.ts")).flushAlerts,
  digest: async () => (await import("./digest/work.ts")).writeDigest,
  "sqlite-backup": async () => (await import("./sqlite-backup/work.ts")).backUpSqlite,
  "backup-verify": async () => (await import("./backup-verify/work.ts")).verifyBackup,
  "offsite-copy": async () => (await import("./offsite-copy/work.ts")).copyOffsite,
  "sqlite-restore": async () => (await import("./sqlite-restore/work.ts")).restoreSqlite,
  "dead-letter-trim": async () => (await import("./dead-letter-trim/work.ts")).trimDeadLetters,
  "dead-letter-requeue": async () =>
    (await import("./dead-letter-requeue/work.ts")).requeueDeadLetters,
  "queue-sweep": async () => (await import("./queue-sweep/work.ts")).sweepQueue,
  purge: async () => (await import("./purge/work.ts")).purgeRows,
  reconcile: async () => (await import("./reconcile/work.ts")).reconcile,
  "metrics-snapshot": async () => (await import("./metrics-snapshot/work.ts")).snapshotMetrics,
};

/** What a job of the catalog does; a manifest with any other was refused. */
export async function jobWork(name: string): Promise<JobWork> {
  const load = Object.hasOwn(WORK, name) ? WORK[name] : undefined;
  if (!load) throw new Error(`unreachable: the catalog has no job ${name}`);
  return load();
}

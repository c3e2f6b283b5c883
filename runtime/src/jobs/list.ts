/*
 * The catalog: one line for each job. To delete a job, delete its folder and its line.
 *
 * The exported name is the name in specs and the name of the folder, which has three files:
 * options.ts (what specs may configure; pure, shared with infra), work.ts (exports `work`, which does
 * a run; loaded when a run needs it) and page.md (what the job does and what each option means; the
 * source of its page in the reference, never loaded).
 */
export { alertsFlushJob as "alerts-flush" } from "./alerts-flush/options.ts";
export { backupVerifyJob as "backup-verify" } from "./backup-verify/options.ts";
export { cacheRefreshJob as "cache-refresh" } from "./cache-refresh/options.ts";
export { commandJob as command } from "./command/options.ts";
export { deadLetterRequeueJob as "dead-letter-requeue" } from "./dead-letter-requeue/options.ts";
export { deadLetterTrimJob as "dead-letter-trim" } from "./dead-letter-trim/options.ts";
export { dependencyGateJob as "dependency-gate" } from "./dependency-gate/options.ts";
export { digestJob as digest } from "./digest/options.ts";
export { freshnessJob as freshness } from "./freshness/options.ts";
export { heartbeatJob as heartbeat } from "./heartbeat/options.ts";
export { httpJob as http } from "./http/options.ts";
export { keepaliveJob as keepalive } from "./keepalive/options.ts";
export { metricsSnapshotJob as "metrics-snapshot" } from "./metrics-snapshot/options.ts";
export { offsiteCopyJob as "offsite-copy" } from "./offsite-copy/options.ts";
export { purgeJob as purge } from "./purge/options.ts";
export { queueSweepJob as "queue-sweep" } from "./queue-sweep/options.ts";
export { reconcileJob as reconcile } from "./reconcile/options.ts";
export { runSummaryJob as "run-summary" } from "./run-summary/options.ts";
export { sqliteBackupJob as "sqlite-backup" } from "./sqlite-backup/options.ts";
export { sqliteRestoreJob as "sqlite-restore" } from "./sqlite-restore/options.ts";
export { watchdogJob as watchdog } from "./watchdog/options.ts";

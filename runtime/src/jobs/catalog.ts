import type { CatalogJob } from "./catalog-job.ts";
import { alertsFlushJob } from "./alerts-flush/options.ts";
import { backupVerifyJob } from "./backup-verify/options.ts";
import { cacheRefreshJob } from "./cache-refresh/options.ts";
import { commandJob } from "./command/options.ts";
import { deadLetterRequeueJob } from "./dead-letter-requeue/options.ts";
import { deadLetterTrimJob } from "./dead-letter-trim/options.ts";
import { dependencyGateJob } from "./dependency-gate/options.ts";
import { digestJob } from "./digest/options.ts";
import { freshnessJob } from "./freshness/options.ts";
import { heartbeatJob } from "./heartbeat/options.ts";
import { httpJob } from "./http/options.ts";
import { keepaliveJob } from "./keepalive/options.ts";
import { metricsSnapshotJob } from "./metrics-snapshot/options.ts";
import { offsiteCopyJob } from "./offsite-copy/options.ts";
import { type OptionProblem, optionProblems } from "./option-problem.ts";
import { purgeJob } from "./purge/options.ts";
import { queueSweepJob } from "./queue-sweep/options.ts";
import { reconcileJob } from "./reconcile/options.ts";
import { runSummaryJob } from "./run-summary/options.ts";
import { sqliteBackupJob } from "./sqlite-backup/options.ts";
import { sqliteRestoreJob } from "./sqlite-restore/options.ts";
import { watchdogJob } from "./watchdog/options.ts";

export type { CatalogJob } from "./catalog-job.ts";

/** Every job of the runtime, by the name that specs use. */
export const CATALOG: Readonly<Record<string, CatalogJob>> = {
  command: commandJob,
  http: httpJob,
  "alerts-flush": alertsFlushJob,
  heartbeat: heartbeatJob,
  digest: digestJob,
  "dead-letter-trim": deadLetterTrimJob,
  "dead-letter-requeue": deadLetterRequeueJob,
  "queue-sweep": queueSweepJob,
  purge: purgeJob,
  reconcile: reconcileJob,
  "metrics-snapshot": metricsSnapshotJob,
  "sqlite-backup": sqliteBackupJob,
  "backup-verify": backupVerifyJob,
  "sqlite-restore": sqliteRestoreJob,
  "offsite-copy": offsiteCopyJob,
  "cache-refresh": cacheRefreshJob,
  keepalive: keepaliveJob,
  watchdog: watchdogJob,
  "dependency-gate": dependencyGateJob,
  freshness: freshnessJob,
  "run-summary": runSummaryJob,
};

/**
 * What is wrong with the options of a job of the catalog. Values are not repeated: one may be a secret.
 *
 * An option that is bound to an environment variable, `{ env: NAME, default: value }`, is judged by
 * its default; the variable's own value is known only where the job runs.
 */
export function jobOptionProblems(uses: string, options: object): OptionProblem[] {
  const job = Object.hasOwn(CATALOG, uses) ? CATALOG[uses] : undefined;
  return job ? optionProblems(uses, job.options, options) : [];
}

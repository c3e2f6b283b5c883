import type { CatalogJob } from "./jobs/catalog-job.ts";
import { alertsFlushJob } from "./jobs/alerts-flush/options.ts";
import { backupVerifyJob } from "./jobs/backup-verify/options.ts";
import { cacheRefreshJob } from "./jobs/cache-refresh/options.ts";
import { commandJob } from "./jobs/command/options.ts";
import { deadLetterRequeueJob } from "./jobs/dead-letter-requeue/options.ts";
import { deadLetterTrimJob } from "./jobs/dead-letter-trim/options.ts";
import { dependencyGateJob } from "./jobs/dependency-gate/options.ts";
import { digestJob } from "./jobs/digest/options.ts";
import { freshnessJob } from "./jobs/freshness/options.ts";
import { heartbeatJob } from "./jobs/heartbeat/options.ts";
import { httpJob } from "./jobs/http/options.ts";
import { keepaliveJob } from "./jobs/keepalive/options.ts";
import { metricsSnapshotJob } from "./jobs/metrics-snapshot/options.ts";
import { offsiteCopyJob } from "./jobs/offsite-copy/options.ts";
import { type OptionProblem, optionProblems } from "./jobs/option-problem.ts";
import { purgeJob } from "./jobs/purge/options.ts";
import { queueSweepJob } from "./jobs/queue-sweep/options.ts";
import { reconcileJob } from "./jobs/reconcile/options.ts";
import { runSummaryJob } from "./jobs/run-summary/options.ts";
import { sqliteBackupJob } from "./jobs/sqlite-backup/options.ts";
import { sqliteRestoreJob } from "./jobs/sqlite-restore/options.ts";
import { watchdogJob } from "./jobs/watchdog/options.ts";

export type { CatalogJob } from "./jobs/catalog-job.ts";

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

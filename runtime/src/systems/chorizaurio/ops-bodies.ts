import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { dirname } from "node:path";
import type { BackupSet, ListedBackup } from "../../backups/backup-sets.ts";
import { bindSchedule } from "../../contract/bindings.ts";
import type { ManifestJob } from "../../contract/job.ts";
import type { HttpError } from "../../http.ts";
import { viewJobs } from "../../ops/jobs.ts";
import type { ProcessContext } from "../../run/process.ts";
import type { RunProcess } from "../../run/run.ts";

/** Backups that the status shows beside the latest one. */
const PREVIEW_MAX = 5;

/** A backup, with the fields of the admin page. */
export function backupBody(backup: ListedBackup): object {
  const { filename, path, size, createdAt, reason, md5, integrity } = backup;
  return {
    filename,
    path,
    size,
    size_human: humanSize(size),
    created_at: createdAt,
    reason,
    checksum_md5: md5,
    integrity,
  };
}

/** The list of backups, newest first. */
export function listBody(
  process: RunProcess,
  set: BackupSet,
  backups: readonly ListedBackup[],
): object {
  return {
    backups: backups.map(backupBody),
    total_count: backups.length,
    backup_dir: set.directory,
    retention_count: set.keep,
    interval_hours: intervalHours(process, set),
  };
}

/** The scheduler of the backups, and the newest ones. */
export async function statusBody(
  process: RunProcess,
  set: BackupSet,
  backups: readonly ListedBackup[],
): Promise<object> {
  const shown = backups.map(backupBody);
  return {
    scheduler: await schedulerBody(process, set),
    latest_backup: shown[0] ?? null,
    total: shown.length,
    preview: shown.slice(0, PREVIEW_MAX),
  };
}

async function schedulerBody(process: RunProcess, set: BackupSet): Promise<object> {
  const views = await viewJobs(process, scheduledJobs(process, set));
  return {
    enabled: views.some(({ toggles }) => toggles.every(({ on }) => on)),
    running: !process.stop.signal.aborted,
    interval_hours: intervalHours(process, set),
    retention_count: set.keep,
    backup_dir: set.directory,
    writable: await isWritable(set.directory),
    jobs: views.map(({ name, schedule, next, last }) => ({
      name,
      schedule,
      next_run: next[0]?.utc ?? null,
      last_run: last?.startedAt ?? null,
      last_status: last?.status ?? null,
    })),
  };
}

/** Hours between two periodic backups; null when none are periodic. */
function intervalHours(process: RunProcess, set: BackupSet): number | null {
  const [first] = scheduledJobs(process, set).flatMap(({ name, schedule }) => {
    const bound = schedule && bindSchedule({ name, schedule }, process.env);
    return bound?.everySeconds ?? [];
  });
  return first === undefined ? null : first / 3600;
}

function scheduledJobs({ manifest }: ProcessContext, set: BackupSet): ManifestJob[] {
  return manifest.jobs.filter(({ name, schedule }) => schedule && set.jobs.includes(name));
}

/** The first backup creates the directory, so before it the parent directory counts. */
async function isWritable(directory: string): Promise<boolean> {
  for (const path of [directory, dirname(directory)]) {
    const problem = await access(path, constants.W_OK).then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error.code ?? "unknown",
    );
    if (problem === undefined) return true;
    if (problem !== "ENOENT") return false;
  }
  return false;
}

/** The codes by which the admin page distinguishes errors. */
const CODES: Readonly<Record<number, string>> = {
  400: "BAD_REQUEST",
  401: "UNAUTHORIZED",
  403: "FORBIDDEN",
  404: "NOT_FOUND",
  405: "METHOD_NOT_ALLOWED",
  409: "CONFLICT",
  413: "PAYLOAD_TOO_LARGE",
  429: "RATE_LIMITED",
  500: "INTERNAL_ERROR",
  503: "SERVICE_UNAVAILABLE",
};

/** Every error of these paths, with the fields of the admin page. */
export function errorBody(error: Pick<HttpError, "status" | "message">, requestId: string): object {
  return {
    error: error.message,
    code: CODES[error.status] ?? `HTTP_${error.status}`,
    timestamp: new Date().toISOString(),
    request_id: requestId,
  };
}

const UNITS = ["B", "KB", "MB", "GB", "TB"];

/** Bytes as people read them, in steps of 1,024: `1.5 MB`. */
export function humanSize(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < UNITS.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? size : size.toFixed(1)} ${UNITS[unit]}`;
}

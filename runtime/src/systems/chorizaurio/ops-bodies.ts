import type { BackupSet, ListedBackup } from "../../backups/backup-sets.ts";
import type { HttpError } from "../../http.ts";
import type { MigrationView } from "../../ops/migrations.ts";

/** Backups that the status shows beside the latest one. */
const PREVIEW_MAX = 5;

/** A backup in the words of chorizaurio's admin page. */
export interface BackupBody {
  readonly filename: string;
  readonly path: string;
  readonly size: number;
  readonly size_human: string;
  readonly created_at: string;
  readonly reason: string | null;
  readonly checksum_md5: string | null;
  readonly integrity: string | null;
}

/** One backup. */
export function backupBody(backup: ListedBackup): BackupBody {
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
  set: Pick<BackupSet, "directory" | "keep">,
  backups: readonly ListedBackup[],
  intervalHours: number | null,
): object {
  return {
    backups: backups.map(backupBody),
    total_count: backups.length,
    backup_dir: set.directory,
    retention_count: set.keep,
    interval_hours: intervalHours,
  };
}

/** What the status tells of the scheduler. */
export interface SchedulerBody {
  readonly enabled: boolean;
  readonly running: boolean;
  readonly interval_hours: number | null;
  readonly retention_count: number;
  readonly backup_dir: string;
  readonly writable: boolean;
  readonly jobs: readonly {
    readonly name: string;
    readonly schedule: string | null;
    readonly next_run: string | null;
    readonly last_run: string | null;
    readonly last_status: string | null;
  }[];
}

/** Whether backups are made, and the newest ones. */
export function statusBody(scheduler: SchedulerBody, backups: readonly ListedBackup[]): object {
  const shown = backups.map(backupBody);
  return {
    scheduler,
    latest_backup: shown[0] ?? null,
    total: shown.length,
    preview: shown.slice(0, PREVIEW_MAX),
  };
}

/** How the migrations stand. */
export function migrationsBody({ registered, executed, pending, failed }: MigrationView): object {
  return { registered, executed, pending, failed };
}

/** The codes by which the admin page tells errors apart. */
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

/** Every refusal of these paths, in the shape that the admin page reads. */
export function errorBody(
  refusal: Pick<HttpError, "status" | "message">,
  requestId: string,
): object {
  return {
    error: refusal.message,
    code: CODES[refusal.status] ?? `HTTP_${refusal.status}`,
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

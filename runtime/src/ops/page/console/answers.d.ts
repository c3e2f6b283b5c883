// What the routes under /ops/api answer, as far as the page shows it.
import type { RunRecord, RunStart } from "../../../contract/run-record.ts";
import type { CacheSnapshot } from "../../../sources/cache.ts";
import type { ListedBackup } from "../../../backups/backup-sets.ts";
import type { AppState } from "../../../supervise/app.ts";
import type { CheckReport } from "../../checks.ts";
import type { ChannelInfo, ChannelTest } from "../../../alerts/alerts.ts";
import type { RecentAlert } from "../../../alerts/alert-state.ts";
import type { ActiveSilence } from "../../../alerts/silences.ts";
import type { JobView } from "../../jobs.ts";
import type { MigrationView } from "../../migrations.ts";

export type Run = RunRecord;
export type StartedRun = RunRecord | { readonly runId: string; readonly status: "running" };
export type Job = JobView;
export type Running = RunStart;

/** A value as it is after it was sent as JSON. */
type Sent<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? readonly Sent<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: Sent<T[Key]> }
      : T;

export interface Version {
  readonly system: string;
  readonly stack: string;
  readonly environment: string;
  readonly process: string;
  readonly commit: string | null;
  readonly host: string;
  readonly runtime: string;
  readonly startedAt: string;
  readonly app?: Sent<AppState> | null;
}

export type Checks = CheckReport;

export type Silence = ActiveSilence;

export interface Alerts {
  readonly silences: readonly Silence[];
  readonly recent: readonly RecentAlert[];
  readonly channels: readonly ChannelInfo[];
  /** Whether the alerts of the last flush can be sent again. */
  readonly canResend: boolean;
}

export interface Tested {
  readonly channels: readonly ChannelTest[];
}

export type Backup = ListedBackup;

export interface Backups {
  readonly sets: readonly {
    readonly job: string;
    readonly directory: string;
    readonly keep: number;
    /** The jobs that verify and restore its backups; null where none is declared. */
    readonly verifiedBy: string | null;
    readonly restoredBy: string | null;
    readonly backups: readonly Backup[];
  }[];
}

export type { FileEntry } from "../../files.ts";
export type Cache = CacheSnapshot;
export type Migrations = MigrationView;

import { resolve } from "node:path";
import type { BackupSet, ListedBackup } from "../../backups/backup-sets.ts";
import type { Verdict } from "../../backups/sqlite-verdict.ts";
import type { JobContext } from "../definition.ts";
import { backupVerifyJob } from "./options.ts";

/** A smaller file is no usable backup, in bytes; see docs/sources.md. */
const MIN_BYTES = 10_240;

/** Twice the longest time between two backups of a daily schedule. */
const WITHIN_SECONDS = 2 * 24 * 3600;

/** What one run is to do, with absolute paths. */
export interface Drill extends Pick<BackupSet, "directory" | "prefix"> {
  readonly tables: readonly string[] | undefined;
  readonly minBytes: number;
  readonly withinSeconds: number;
  readonly scratch: string | undefined;
  /** The backup that a person asked for. */
  readonly asked: string | undefined;
}

/** What the restored file turned out to be. */
export interface Finding {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly verdict: Verdict;
}

/** What the options and the input make of a run. */
export function drillOf({ options, input, directory }: JobContext): Drill {
  const said = backupVerifyJob.options.parse(options);
  return {
    directory: resolve(directory, said.directory),
    prefix: said.prefix,
    tables: said.tables,
    minBytes: said.minBytes ?? MIN_BYTES,
    withinSeconds: said.withinSeconds ?? WITHIN_SECONDS,
    scratch: said.scratch === undefined ? undefined : resolve(directory, said.scratch),
    asked: backupVerifyJob.input.parse(input).backup,
  };
}

/** Why a backup is too old to say anything about those of today. */
export function tooOld(drill: Drill, backup: ListedBackup, now: Date): string | undefined {
  const ageSeconds = Math.round((now.getTime() - Date.parse(backup.createdAt)) / 1000);
  if (ageSeconds <= drill.withinSeconds) return undefined;
  return `the newest backup, ${backup.filename}, is ${ageSeconds} s old, not within ${drill.withinSeconds} s`;
}

/** What is wrong with a restored backup; empty when it could be used. */
export function problemsOf(drill: Drill, backup: ListedBackup, finding: Finding): string[] {
  const { sizeBytes, sha256, verdict } = finding;
  const problems: string[] = [];
  if (sizeBytes < drill.minBytes) {
    problems.push(`it has ${sizeBytes} bytes, not at least ${drill.minBytes}`);
  }
  if (backup.sha256 !== null && backup.sha256 !== sha256) {
    problems.push(`its SHA-256 is ${sha256}, and its note says ${backup.sha256}`);
  }
  problems.push(...verdict.problems);
  if (verdict.problems.length > 0) return problems;
  if (verdict.brokenKeys > 0) {
    problems.push(`${verdict.brokenKeys} of its rows point to rows that are not there`);
  }
  return [...problems, ...emptyTables(drill, verdict)];
}

function emptyTables({ tables }: Drill, { rows }: Verdict): string[] {
  if (tables === undefined) {
    return Object.values(rows).some((count) => count > 0) ? [] : ["none of its tables has rows"];
  }
  return tables.flatMap((table) => {
    const count = Object.hasOwn(rows, table) ? rows[table] : undefined;
    if (count === undefined) return [`it has no table "${table}"`];
    return count > 0 ? [] : [`its table "${table}" is empty`];
  });
}

import { chmod, copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { withBackupLock } from "../../backups/backup-lock.ts";
import { type BackupDrill, fingerprint, readNote, writeNote } from "../../backups/backup-file.ts";
import {
  type BackupSet,
  type ListedBackup,
  findBackup,
  listBackups,
} from "../../backups/backup-sets.ts";
import { requireSpace } from "../../backups/database-copy.ts";
import { syncPath } from "../file.ts";
import { alertUnchecked, type DatabaseCheck, checkDatabase } from "../../backups/database-check.ts";
import { EXIT } from "../../contract/exit-code.ts";
import { type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import { type Clock, SYSTEM_CLOCK } from "../../run/clock.ts";
import { errorCode } from "../../contract/error-code.ts";
import { backupVerifyJob } from "./options.ts";

/** Maximum wait for a backup in progress: three times the copy of 1 GB at 50 MB/s. */
const NOTE_WAIT_MS = 60_000;

/**
 * Restores a backup to a scratch file and verifies all of it.
 *
 * There are three outcomes. `ok` and `failed` are about the backup and go into its note. `inconclusive`
 * means that no drill was possible: the run fails and may be retried.
 */
export async function work(
  context: JobContext,
  clock: Clock = SYSTEM_CLOCK,
  noteWaitMs = NOTE_WAIT_MS,
): Promise<JobOutcome> {
  const drill = drillOf(context);
  const backup = await wantedBackup(drill, clock.now());
  const finding = await restoreToScratch(drill, backup, context.signal);
  const problems = problemsOf(drill, backup, finding);
  const outcome = problems.length === 0 ? "ok" : "failed";
  const { rows, brokenKeys, unchecked } = finding.verdict;
  const { sizeBytes, sha256 } = finding;
  const details = {
    outcome,
    file: backup.filename,
    sizeBytes,
    sha256,
    rows,
    brokenKeys,
    ...(unchecked.length > 0 && { unchecked }),
  };
  const note = { drill, backup, outcome, at: clock.now(), waitMs: noteWaitMs } as const;
  const isNoted = !context.dryRun && (await noteDrill(context, note));
  if (outcome === "ok" && !context.dryRun && unchecked.length > 0) {
    await alertUnchecked(context, drill.prefix, { file: backup.filename, unchecked });
  }
  if (outcome === "ok") {
    return {
      status: context.dryRun ? "skipped" : "ok",
      details: { ...details, isNoted, ...(context.dryRun && { dryRun: true }) },
    };
  }
  const message = `${backup.filename}: could not be used: ${problems[0]}. Take a backup now and find the cause.`;
  throw new JobFailure(message, { details: { ...details, isNoted, problems } });
}

async function wantedBackup(drill: Drill, now: Date): Promise<ListedBackup> {
  const { directory, asked } = drill;
  if (asked !== undefined) {
    const found = await findBackup(drill, asked);
    if (found) return found;
    throw new JobFailure(
      `${asked}: there is no such backup in ${directory}. Choose one of the list.`,
      {
        exitCode: EXIT.configuration,
      },
    );
  }
  const [newest] = await listBackups(drill);
  const problem = newest ? tooOld(drill, newest, now) : "there is no backup";
  if (newest && problem === undefined) return newest;
  const message = `${directory}: nothing was verified: ${problem}. Find out why no new one was made.`;
  const details = { outcome: "inconclusive", ...(newest && { file: newest.filename }) };
  throw new JobFailure(message, { exitCode: EXIT.temporary, details });
}

async function restoreToScratch(
  { scratch }: Drill,
  { path, size, filename }: ListedBackup,
  signal: AbortSignal,
): Promise<Finding> {
  const parent = resolve(scratch ?? tmpdir());
  await ensureRoomFor(parent, size);
  const directory = await mkdtemp(join(parent, "restore-drill-"));
  try {
    const copy = join(directory, "restored.db");
    await copyFile(path, copy).catch(nowGone(filename));
    await chmod(copy, 0o600);
    await syncPath(copy);
    const { sizeBytes, sha256 } = await fingerprint(copy, signal);
    const verdict = await checkDatabase(copy, { signal, foreignKeys: true });
    return { sizeBytes, sha256, verdict };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The rotation of a newer backup may have removed the file since it was listed. */
function nowGone(filename: string): (error: unknown) => never {
  return (error) => {
    if (errorCode(error) !== "ENOENT") throw error;
    const message = `${filename}: nothing was verified: it was removed meanwhile. Try again.`;
    const details = { outcome: "inconclusive", file: filename };
    throw new JobFailure(message, { exitCode: EXIT.temporary, details, cause: error });
  };
}

/** A full scratch disk makes the drill inconclusive. */
async function ensureRoomFor(directory: string, bytes: number): Promise<void> {
  const remedy = 'Free some, or name another directory in "scratch".';
  try {
    await requireSpace({ directory, bytes, what: "a restore drill", remedy });
  } catch (error) {
    const message = `nothing was verified: ${error instanceof Error ? error.message : "unknown"}`;
    const details = { outcome: "inconclusive" };
    throw new JobFailure(message, { exitCode: EXIT.temporary, details, cause: error });
  }
}

interface DrillNote {
  readonly drill: Drill;
  readonly backup: ListedBackup;
  readonly outcome: BackupDrill["outcome"];
  readonly at: Date;
  readonly waitMs: number;
}

/**
 * Records the drill in the backup's note, under the lock of backups, so that rotation does not remove
 * the backup meanwhile. If this fails, the run still reports the result.
 */
async function noteDrill(
  { runId, signal, log }: JobContext,
  { drill, backup, outcome, at, waitMs }: DrillNote,
): Promise<boolean> {
  try {
    return await withBackupLock({ ...drill, signal, waitMs }, async () => {
      const isThere = (await findBackup(drill, backup.filename)) !== undefined;
      const note = isThere ? await readNote(backup.path) : undefined;
      if (note)
        await writeNote(backup.path, { ...note, drill: { at: at.toISOString(), outcome, runId } });
      return note !== undefined;
    });
  } catch (error) {
    signal.throwIfAborted();
    log.warn({ err: error, file: backup.filename }, "the drill could not be recorded");
    return false;
  }
}

/** Default minimum size in bytes; see docs/sources.md. */
const MIN_BYTES = 10_240;

/** Twice the longest time between two backups of a daily schedule. */
const WITHIN_SECONDS = 2 * 24 * 3600;

/** Resolved options of one run, with absolute paths. */
interface Drill extends Pick<BackupSet, "directory" | "prefix"> {
  readonly tables: readonly string[] | undefined;
  readonly minBytes: number;
  readonly withinSeconds: number;
  readonly scratch: string | undefined;
  /** The backup in the input. */
  readonly asked: string | undefined;
}

/** Facts about the restored file. */
interface Finding {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly verdict: DatabaseCheck;
}

function drillOf({ options, input, directory }: JobContext): Drill {
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

/** The problem if a backup is older than `withinSeconds`. */
function tooOld(drill: Drill, backup: ListedBackup, now: Date): string | undefined {
  const ageSeconds = Math.round((now.getTime() - Date.parse(backup.createdAt)) / 1000);
  if (ageSeconds <= drill.withinSeconds) return undefined;
  return `the newest backup, ${backup.filename}, is ${ageSeconds} s old, not within ${drill.withinSeconds} s`;
}

/** All problems of a restored backup. */
function problemsOf(drill: Drill, backup: ListedBackup, finding: Finding): string[] {
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

function emptyTables({ tables }: Drill, { rows }: DatabaseCheck): string[] {
  if (tables === undefined) {
    return Object.values(rows).some((count) => count > 0) ? [] : ["none of its tables has rows"];
  }
  return tables.flatMap((table) => {
    const count = Object.hasOwn(rows, table) ? rows[table] : undefined;
    if (count === undefined) return [`it has no table "${table}"`];
    return count > 0 ? [] : [`its table "${table}" is empty`];
  });
}

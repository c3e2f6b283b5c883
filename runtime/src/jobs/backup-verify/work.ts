import { chmod, copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { withBackupLock } from "../../backups/backup-lock.ts";
import { type BackupDrill, fingerprint, readNote, writeNote } from "../../backups/backup-note.ts";
import { findBackup, type ListedBackup, listBackups } from "../../backups/backup-sets.ts";
import { ensureRoom } from "../../backups/room.ts";
import { syncPath } from "../file.ts";
import { verifyDatabase } from "../../backups/sqlite-verdict.ts";
import { EXIT } from "../../contract/exit-code.ts";
import { type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import { type Clock, SYSTEM_CLOCK } from "../../run/clock.ts";
import { errorCode } from "../../contract/error-code.ts";
import { type Drill, drillOf, type Finding, problemsOf, tooOld } from "./drill.ts";

/** How long the job waits for a backup that is being made: 1 GB at 50 MB/s, three times. */
const NOTE_WAIT_MS = 60_000;

/**
 * Restores a backup as a person would have to, into a scratch file, and looks at all of it.
 *
 * There are three ends. `ok` and `failed` are about the backup and are noted beside it; `inconclusive`
 * says that no drill was possible, which is not a good end either: the run fails, and may be repeated.
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
  const { rows, brokenKeys } = finding.verdict;
  const { sizeBytes, sha256 } = finding;
  const details = { outcome, file: backup.filename, sizeBytes, sha256, rows, brokenKeys };
  const note = { drill, backup, outcome, at: clock.now(), waitMs: noteWaitMs } as const;
  const isNoted = !context.dryRun && (await noteDrill(context, note));
  if (outcome === "ok") {
    return {
      status: context.dryRun ? "skipped" : "ok",
      details: { ...details, isNoted, ...(context.dryRun && { dryRun: true }) },
    };
  }
  const message = `${backup.filename}: could not be used: ${problems[0]}. Take a backup now, and look why.`;
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
  const message = `${directory}: nothing was verified: ${problem}. Look why no new one was made.`;
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
    const verdict = await verifyDatabase(copy, { signal, foreignKeys: true });
    return { sizeBytes, sha256, verdict };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** A newer backup's rotation may have removed it since it was listed. */
function nowGone(filename: string): (error: unknown) => never {
  return (error) => {
    if (errorCode(error) !== "ENOENT") throw error;
    const message = `${filename}: nothing was verified: it was removed meanwhile. Try again.`;
    const details = { outcome: "inconclusive", file: filename };
    throw new JobFailure(message, { exitCode: EXIT.temporary, details, cause: error });
  };
}

/** A full scratch disk says nothing about the backup. */
async function ensureRoomFor(directory: string, bytes: number): Promise<void> {
  const remedy = 'Free some, or name another directory in "scratch".';
  try {
    await ensureRoom({ directory, bytes, what: "a restore drill", remedy });
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
 * Under the lock of backups, so that no note is written beside a backup that is rotated away. What
 * was found is told in any case, also when it could not be noted.
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
    log.warn({ err: error, file: backup.filename }, "the drill could not be noted");
    return false;
  }
}

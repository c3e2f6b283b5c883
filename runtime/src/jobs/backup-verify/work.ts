import { chmod, copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type * as z from "zod/mini";
import { fingerprint, type Fingerprint, readNote, writeNote } from "../../backups/backup-file.ts";
import { withBackupLock } from "../../backups/database-hold.ts";
import { type ListedBackup, findBackup, listBackups } from "../../backups/backup-sets.ts";
import { alertUnchecked, type DatabaseCheck, checkDatabase } from "../../backups/database-check.ts";
import { requireSpace } from "../../backups/database-copy.ts";
import { errorCode } from "../../contract/error-code.ts";
import { EXIT } from "../../contract/exit-code.ts";
import { type Clock, SYSTEM_CLOCK } from "../../run/clock.ts";
import { type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import { syncPath } from "../file.ts";
import { backupVerifyJob } from "./options.ts";

type Options = z.infer<typeof backupVerifyJob.options>;

/** Maximum wait for a backup in progress: three times the copy of 1 GB at 50 MB/s. */
const NOTE_WAIT_MS = 60_000;

/** Default minimum size in bytes; see docs/sources.md. */
const MIN_BYTES = 10_240;

/** Twice the longest time between two backups of a daily schedule. */
const WITHIN_SECONDS = 2 * 24 * 3600;

/** Facts about the restored file. */
interface Restored extends Fingerprint {
  readonly verdict: DatabaseCheck;
}

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
  const { dryRun } = context;
  const parsed = backupVerifyJob.options.parse(context.options);
  const options = { ...parsed, directory: resolve(context.directory, parsed.directory) };
  const { backup: asked } = backupVerifyJob.input.parse(context.input);
  const backup = await wantedBackup(options, asked, clock.now());
  const restored = await restoreToScratch(context, options, backup);
  const { sizeBytes, sha256, verdict } = restored;
  const { rows, brokenKeys, unchecked } = verdict;
  const problems = problemsOf(options, backup, restored);
  const outcome = problems.length === 0 ? "ok" : "failed";
  const note = { backup, outcome, at: clock.now(), waitMs: noteWaitMs } as const;
  const details = {
    outcome,
    file: backup.filename,
    sizeBytes,
    sha256,
    rows,
    brokenKeys,
    ...(unchecked.length > 0 && { unchecked }),
    isNoted: !dryRun && (await noteDrill(context, options, note)),
  };
  if (outcome === "failed") {
    const message = `${backup.filename}: could not be used: ${problems[0]}. Take a backup now and find the cause.`;
    throw new JobFailure(message, { details: { ...details, problems } });
  }
  if (dryRun) return { status: "skipped", details: { ...details, dryRun } };
  if (unchecked.length > 0) {
    await alertUnchecked(context, options.prefix, { file: backup.filename, unchecked });
  }
  return { status: "ok", details };
}

/** The backup of this name, or else the newest one if it is not too old. */
async function wantedBackup(
  { directory, prefix, withinSeconds = WITHIN_SECONDS }: Options,
  asked: string | undefined,
  now: Date,
): Promise<ListedBackup> {
  if (asked !== undefined) {
    const found = await findBackup({ directory, prefix }, asked);
    if (found) return found;
    const message = `${asked}: there is no such backup in ${directory}. Choose one of the list.`;
    throw new JobFailure(message, { exitCode: EXIT.configuration });
  }
  const remedy = "Find out why no new one was made.";
  const [newest] = await listBackups({ directory, prefix });
  if (!newest)
    throw inconclusive(`${directory}: nothing was verified: there is no backup. ${remedy}`);
  const ageSeconds = Math.round((now.getTime() - Date.parse(newest.createdAt)) / 1000);
  if (ageSeconds <= withinSeconds) return newest;
  const file = newest.filename;
  const why = `the newest backup, ${file}, is ${ageSeconds} s old, not within ${withinSeconds} s`;
  throw inconclusive(`${directory}: nothing was verified: ${why}. ${remedy}`, { file });
}

async function restoreToScratch(
  { directory: base, signal }: JobContext,
  { scratch }: Options,
  { path, filename }: ListedBackup,
): Promise<Restored> {
  const parent = scratch === undefined ? tmpdir() : resolve(base, scratch);
  const remedy = 'Free some, or name another directory in "scratch".';
  const need = { directory: parent, files: [path], what: "a restore drill", remedy };
  await requireSpace(need).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : "unknown";
    throw inconclusive(`nothing was verified: ${why}`, {}, error);
  });
  const directory = await mkdtemp(join(parent, "restore-drill-"));
  try {
    const copy = join(directory, "restored.db");
    await copyFile(path, copy).catch((error: unknown) => {
      if (errorCode(error) !== "ENOENT") throw error;
      // The rotation of a newer backup removed it since it was listed.
      const message = `${filename}: nothing was verified: it was removed meanwhile. Try again.`;
      throw inconclusive(message, { file: filename }, error);
    });
    await chmod(copy, 0o600);
    await syncPath(copy);
    const facts = await fingerprint(copy, signal);
    return { ...facts, verdict: await checkDatabase(copy, { signal, foreignKeys: true }) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function inconclusive(message: string, details = {}, cause?: unknown): JobFailure {
  return JobFailure.temporary(message, { details: { outcome: "inconclusive", ...details }, cause });
}

interface DrillNote {
  readonly backup: ListedBackup;
  readonly outcome: "ok" | "failed";
  readonly at: Date;
  readonly waitMs: number;
}

/**
 * Records the drill in the backup's note, under the lock of backups, so that rotation does not remove
 * the backup meanwhile. If this fails, the run still reports the result.
 */
async function noteDrill(
  { runId, signal, log }: JobContext,
  { directory, prefix }: Options,
  { backup, outcome, at, waitMs }: DrillNote,
): Promise<boolean> {
  const { filename, path } = backup;
  try {
    return await withBackupLock({ directory, prefix, signal, waitMs }, async () => {
      const isThere = (await findBackup({ directory, prefix }, filename)) !== undefined;
      const note = isThere ? await readNote(path) : undefined;
      if (!note) return false;
      await writeNote(path, { ...note, drill: { at: at.toISOString(), outcome, runId } });
      return true;
    });
  } catch (error) {
    signal.throwIfAborted();
    log.warn({ err: error, file: filename }, "the drill could not be recorded");
    return false;
  }
}

/** All problems of a restored backup. */
function problemsOf(options: Options, backup: ListedBackup, restored: Restored): string[] {
  const { minBytes = MIN_BYTES } = options;
  const { sizeBytes, sha256, verdict } = restored;
  const isOther = backup.sha256 !== null && backup.sha256 !== sha256;
  const problems = [
    sizeBytes < minBytes && `it has ${sizeBytes} bytes, not at least ${minBytes}`,
    isOther && `its SHA-256 is ${sha256}, and its note says ${backup.sha256}`,
    ...verdict.problems,
    verdict.brokenKeys > 0 && `${verdict.brokenKeys} of its rows point to rows that are not there`,
    // The rows of a damaged file are not known.
    ...(verdict.problems.length > 0 ? [] : emptyTables(options, verdict)),
  ];
  return problems.filter((it) => it !== false);
}

function emptyTables({ tables }: Options, { rows }: DatabaseCheck): string[] {
  if (tables === undefined) {
    return Object.values(rows).some((count) => count > 0) ? [] : ["none of its tables has rows"];
  }
  return tables.flatMap((table) => {
    const count = Object.hasOwn(rows, table) ? rows[table] : undefined;
    if (count === undefined) return [`it has no table "${table}"`];
    return count > 0 ? [] : [`its table "${table}" is empty`];
  });
}

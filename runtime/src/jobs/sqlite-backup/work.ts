import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm, stat, statfs } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { publish, writeNew } from "../../artifacts/new-file.ts";
import { stampOf, stampsOf } from "../../artifacts/stamp.ts";
import { EXIT } from "../../exit-code.ts";
import { type JobContext, JobFailure, type JobOutcome } from "../../job-definition.ts";
import { type Clock, SYSTEM_CLOCK } from "../../run/clock.ts";
import { errorCode } from "../../sources/source-error.ts";
import { isBusy } from "../../sources/sqlite-busy.ts";
import { type BackupFile, listBackups, noteName, tooMany } from "./backup-file.ts";
import { withBackupLock } from "./backup-lock.ts";
import { backupReason, type BackupNote, fingerprint, noteOf } from "./backup-note.ts";
import { copyDatabase } from "./copy.ts";
import { sqliteBackupJob } from "./options.ts";
import { verifyCopy } from "./verdict.ts";

/** The runbook's own default of BACKUP_RETAIN_COUNT. */
const KEEP = 10;

/** A periodic copy soon after another one would push an older one out for nothing. */
const SPACING_SECONDS = 30 * 60;

/** Shorter at the start: a deploy must not be without a fresh copy, and a restart loop must not fill the disk. */
const START_SPACING_SECONDS = 5 * 60;

/** Left free for the app beside the copy: a backup must not be what fills the disk. */
const MARGIN_BYTES = 16 * 1024 * 1024;

/**
 * Copies the database, verifies the copy, gives it its name and removes the copies that are too many.
 *
 * A file with a backup's name is a verified backup: it gets the name last, in one step. Whatever
 * goes wrong before leaves the older ones alone.
 */
export async function backUpSqlite(
  context: JobContext,
  clock: Clock = SYSTEM_CLOCK,
): Promise<JobOutcome> {
  const plan = planOf(context);
  await ensureDatabase(plan);
  if (context.dryRun) return dryRun(plan, clock.now());
  await mkdir(plan.directory, { recursive: true });
  return withBackupLock({ ...plan, signal: context.signal }, async () => {
    const now = clock.now();
    const recent = tooSoon(plan, await listBackups(plan.directory, plan.prefix), now);
    if (recent) return { status: "skipped", details: { reason: plan.reason, recent } };
    await removeLeftovers(plan);
    await ensureRoom(plan);
    const note = await makeBackup(context, plan, now);
    return { status: "ok", details: { ...note, ...(await rotate(context, plan, note.file)) } };
  });
}

interface BackupPlan {
  readonly database: string;
  readonly directory: string;
  readonly prefix: string;
  readonly keep: number;
  readonly reason: string;
  /** A backup that is younger than this is enough. */
  readonly spacingMs: number;
}

function planOf({ options, directory, actor }: JobContext): BackupPlan {
  const said = sqliteBackupJob.options.parse(options);
  const database = resolve(directory, said.database);
  const reason = backupReason(actor, said.reason ?? "periodic");
  const spacings: Readonly<Record<string, number>> = {
    periodic: said.spacingSeconds ?? SPACING_SECONDS,
    startup: said.startSpacingSeconds ?? START_SPACING_SECONDS,
  };
  return {
    database,
    directory: resolve(directory, said.directory),
    prefix: said.prefix ?? `${basename(database).replace(/\.[^.]*$/, "")}_`,
    keep: said.keep ?? KEEP,
    reason,
    spacingMs: (spacings[reason] ?? 0) * 1000,
  };
}

/** SQLite would say of a missing file that it cannot be opened. */
async function ensureDatabase({ database }: BackupPlan): Promise<void> {
  const isFile = await stat(database).then(
    (file) => file.isFile(),
    () => false,
  );
  if (!isFile) throw new JobFailure(`${database}: there is no such database. Correct "database".`);
}

/** The name of a backup that makes this one needless. One from the future says nothing about now. */
function tooSoon(
  { spacingMs }: BackupPlan,
  backups: readonly BackupFile[],
  now: Date,
): string | undefined {
  return backups.find(({ takenAt }) => {
    const ageMs = now.getTime() - takenAt.getTime();
    return ageMs >= 0 && ageMs < spacingMs;
  })?.name;
}

async function dryRun(plan: BackupPlan, now: Date): Promise<JobOutcome> {
  const backups = await listBackups(plan.directory, plan.prefix);
  const recent = tooSoon(plan, backups, now);
  const wouldRemove = backups.slice(plan.keep - 1).map(({ name }) => name);
  const would = recent
    ? { recent }
    : { wouldWrite: `${plan.prefix}${stampOf(now)}.db`, wouldRemove };
  return { status: "skipped", details: { dryRun: true, reason: plan.reason, ...would } };
}

/** What a killed backup left: under the lock nobody else's can be unfinished. */
async function removeLeftovers({ directory, prefix }: BackupPlan): Promise<void> {
  const isLeftover = (name: string) => name.startsWith(`.${prefix}`) && /\.part(-\w+)?$/.test(name);
  for (const name of (await readdir(directory)).filter(isLeftover)) {
    await rm(join(directory, name), { force: true });
  }
}

async function ensureRoom({ database, directory }: BackupPlan): Promise<void> {
  const log = await stat(`${database}-wal`).catch(() => undefined);
  const needed = (await stat(database)).size + (log?.size ?? 0) + MARGIN_BYTES;
  const { bavail, bsize } = await statfs(directory);
  if (bavail * bsize >= needed) return;
  const message = `${directory}: a backup needs ${needed} bytes, got ${bavail * bsize}. Free some, or keep fewer backups.`;
  throw new JobFailure(message);
}

async function makeBackup(context: JobContext, plan: BackupPlan, at: Date): Promise<BackupNote> {
  const unfinished = `.${plan.prefix}${stampOf(at)}.${randomUUID().slice(0, 8)}.part`;
  const target = join(plan.directory, unfinished);
  const { signal } = context;
  try {
    await copyOrFail(plan, target, signal);
    const { problems, rows } = await verifyCopy(target, signal);
    if (problems.length > 0) {
      const message = `${plan.database}: the copy is damaged and was removed: ${problems[0]}. Older backups are untouched.`;
      throw new JobFailure(message, { details: { problems } });
    }
    const facts = { at, reason: plan.reason, rows, ...(await fingerprint(target, signal)) };
    const file = await giveName(plan, target, at);
    const note = { file, ...noteOf(context, plan.database, facts) };
    await writeNote(join(plan.directory, noteName(file)), note);
    return note;
  } catch (error) {
    // Why the run was stopped says more than what was interrupted by it.
    signal.throwIfAborted();
    throw error;
  } finally {
    for (const part of ["", "-journal", "-wal", "-shm"]) {
      await rm(`${target}${part}`, { force: true });
    }
  }
}

async function copyOrFail(plan: BackupPlan, target: string, signal: AbortSignal): Promise<void> {
  try {
    await copyDatabase({ database: plan.database, target, signal });
  } catch (error) {
    signal.throwIfAborted();
    const exitCode = isBusy(error) ? { exitCode: EXIT.temporary } : {};
    const reason = error instanceof Error ? error.message : "unknown reason";
    const message = `${plan.database}: could not be copied: ${reason}. Older backups are untouched.`;
    throw new JobFailure(message, { ...exitCode, cause: error });
  }
}

/** Two backups in one second get different names. */
async function giveName(plan: BackupPlan, finished: string, at: Date): Promise<string> {
  for (const stamp of stampsOf(at)) {
    const name = `${plan.prefix}${stamp}.db`;
    if (await publish(finished, join(plan.directory, name))) return name;
  }
  throw new JobFailure(`${plan.directory}: all names of ${stampOf(at)} are taken.`);
}

/** A note that is there already is of a backup that somebody removed. */
async function writeNote(path: string, note: BackupNote): Promise<void> {
  await rm(path, { force: true });
  await writeNew(path, `${JSON.stringify(note, null, 2)}\n`);
}

/** What cannot be removed does not spoil the backup: it is told, and tried again next time. */
async function rotate(
  { log }: JobContext,
  { directory, prefix, keep }: BackupPlan,
  lastVerified: string,
): Promise<{ removed: string[]; notRemoved: string[] }> {
  const removed: string[] = [];
  const notRemoved: string[] = [];
  for (const { name } of tooMany(await listBackups(directory, prefix), keep, lastVerified)) {
    try {
      await rm(join(directory, name));
      await rm(join(directory, noteName(name)), { force: true });
      removed.push(name);
    } catch (error) {
      log.warn({ file: name, code: errorCode(error) }, "an old backup could not be removed");
      notRemoved.push(name);
    }
  }
  return { removed, notRemoved };
}

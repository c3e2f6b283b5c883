import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  type BackupFile,
  backupFiles,
  type BackupNote,
  backupOf,
  backupReason,
  fingerprint,
  noteName,
  noteOf,
  readNote,
  tooMany,
  writeNote,
} from "../../backups/backup-file.ts";
import { withBackupLock } from "../../backups/database-hold.ts";
import { type BackupSet, backupPaths } from "../../backups/backup-sets.ts";
import { alertUnchecked, checkDatabase } from "../../backups/database-check.ts";
import { copyDatabase, requireSpace, removeDatabase } from "../../backups/database-copy.ts";
import { errorCode } from "../../contract/error-code.ts";
import { EXIT } from "../../contract/exit-code.ts";
import { isBusy } from "../../databases/sqlite.ts";
import { type Clock, SYSTEM_CLOCK } from "../../run/clock.ts";
import { dryRunOutcome, type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import { publish, stampOf, stampsOf } from "../file.ts";
import { sqliteBackupJob } from "./options.ts";

/** Default for periodic backups. A backup soon after another would only remove an older one. */
const SPACING_SECONDS = 30 * 60;

/** Default for backups at the start: a deploy needs a recent backup, but a restart loop must not fill the disk. */
const START_SPACING_SECONDS = 5 * 60;

/** Name of an unfinished file, after its prefix. */
const PART = /^\d{8}_\d{6}[._].*\.part(-\w+)?$/;

/** Resolved options of one run, with absolute paths. */
interface BackupPlan extends Pick<BackupSet, "database" | "directory" | "prefix" | "keep"> {
  readonly reason: string;
  /** A backup younger than this makes a new one unnecessary. */
  readonly spacingSeconds: number;
}

/**
 * Copies the database, verifies the copy, gives it its name and removes the oldest backups.
 *
 * A file with a backup's name is a verified backup, because the rename is the last step. A failure
 * before it changes no older backup.
 */
export async function work(context: JobContext, clock: Clock = SYSTEM_CLOCK): Promise<JobOutcome> {
  const plan = planOf(context);
  const { database, directory, prefix, keep, reason } = plan;
  // Checked first, because SQLite only reports that it cannot open a missing file.
  const isThere = (await stat(database).catch(() => undefined))?.isFile() === true;
  if (!isThere) throw new JobFailure(`${database}: there is no such database. Correct "database".`);
  if (context.dryRun) {
    const recent = await recentBackup(plan, clock.now());
    if (recent !== undefined) return dryRunOutcome({ reason, recent });
    const wouldWrite = `${prefix}${stampOf(clock.now())}.db`;
    // The new backup counts.
    const wouldRemove = await superfluous(plan, keep - 1);
    return dryRunOutcome({ reason, wouldWrite, wouldRemove });
  }
  const { note, rotation, recent } = await withBackupLock(
    { directory, prefix, signal: context.signal },
    async () => {
      const now = clock.now();
      const last = await recentBackup(plan, now);
      if (last !== undefined) return { recent: last };
      await removeLeftovers(plan);
      const files = [database, `${database}-wal`];
      const remedy = "Free some, or keep fewer backups.";
      await requireSpace({ directory, files, what: "a backup", remedy });
      const made = await makeBackup(context, plan, now);
      return { note: made, rotation: await rotate(context, plan, made.file) };
    },
  );
  if (!note) return { status: "skipped", details: { reason, recent } };
  const { file, unchecked = [] } = note;
  await alertUnchecked(context, prefix, { file, unchecked });
  return { status: "ok", details: { ...note, ...rotation } };
}

function planOf({ options, input, directory, actor }: JobContext): BackupPlan {
  const parsed = sqliteBackupJob.options.parse(options);
  const asked = sqliteBackupJob.input.parse(input).reason;
  const reason = asked ?? backupReason(actor, parsed.reason ?? "periodic");
  const spacings = new Map([
    ["periodic", parsed.spacingSeconds ?? SPACING_SECONDS],
    ["startup", parsed.startSpacingSeconds ?? START_SPACING_SECONDS],
  ]);
  return {
    ...backupPaths(options, directory),
    reason,
    spacingSeconds: spacings.get(reason) ?? 0,
  };
}

/** The name of a recent backup that makes a new one unnecessary. Ignores times in the future. */
async function recentBackup(
  { directory, prefix, spacingSeconds }: BackupPlan,
  now: Date,
): Promise<string | undefined> {
  const backups = await backupFiles(directory, prefix);
  return backups.find(({ takenAt }) => {
    const ageMs = now.getTime() - takenAt.getTime();
    return ageMs >= 0 && ageMs < spacingSeconds * 1000;
  })?.name;
}

/** Makes one verified backup and returns its note. A failure leaves no file behind. */
async function makeBackup(context: JobContext, plan: BackupPlan, at: Date): Promise<BackupNote> {
  const { database, directory, prefix, reason } = plan;
  const { signal } = context;
  const part = `.${prefix}${stampOf(at)}.${randomUUID().slice(0, 8)}.part`;
  const target = join(directory, part);
  try {
    await copyDatabase({ database, target, signal }).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : "unknown reason";
      const message = `${database}: could not be copied: ${why}. Older backups are untouched.`;
      const exitCode = isBusy(error) ? EXIT.temporary : undefined;
      throw new JobFailure(message, { exitCode, cause: error });
    });
    const { problems, unchecked, rows } = await checkDatabase(target, { signal });
    if (problems.length > 0) {
      const message = `${database}: the copy is damaged and was removed: ${problems[0]}. Older backups are untouched.`;
      throw new JobFailure(message, { details: { problems } });
    }
    const doubts = unchecked.length > 0 ? { unchecked: [...unchecked] } : {};
    const facts = { at, reason, rows, ...doubts, ...(await fingerprint(target, signal)) };
    return await giveName(plan, target, { at, note: noteOf(context, database, facts) });
  } catch (error) {
    // If the run was stopped, report that and not the interrupted step.
    signal.throwIfAborted();
    throw error;
  } finally {
    await removeDatabase(target);
  }
}

/**
 * Writes the note, then renames the finished backup. Two backups in one second get different names.
 *
 * The note comes first, so that there is never a backup without its note. A note without a backup
 * belongs to a backup that was removed, or to a run that was killed.
 */
async function giveName(
  { directory, prefix }: BackupPlan,
  finished: string,
  { at, note }: { readonly at: Date; readonly note: Omit<BackupNote, "file"> },
): Promise<BackupNote> {
  for (const stamp of stampsOf(at)) {
    const file = `${prefix}${stamp}.db`;
    const path = join(directory, file);
    // Checked first, so that the note of an existing backup is not overwritten.
    if (existsSync(path)) continue;
    const named = { file, ...note };
    await writeNote(path, named);
    if (await publish(finished, path)) return named;
    await rm(noteName(path), { force: true });
  }
  throw new JobFailure(`${directory}: all file names for ${stampOf(at)} exist.`);
}

/**
 * Removes the oldest backups with their notes, but never the new one.
 *
 * If one cannot be removed, the run succeeds, reports it, and the next run tries again.
 */
async function rotate({ log }: JobContext, plan: BackupPlan, justVerified: string) {
  const removed: string[] = [];
  const notRemoved: string[] = [];
  for (const name of await superfluous(plan, plan.keep, justVerified)) {
    try {
      await rm(join(plan.directory, name));
      await rm(join(plan.directory, noteName(name)), { force: true });
      removed.push(name);
    } catch (error) {
      log.warn({ file: name, code: errorCode(error) }, "an old backup could not be removed");
      notRemoved.push(name);
    }
  }
  return { removed, notRemoved };
}

/**
 * The backups to remove when `keep` stay. The newest backup that passed a restore drill also stays,
 * because all others were only verified when they were made.
 */
async function superfluous(
  { directory, prefix }: BackupPlan,
  keep: number,
  justVerified?: string,
): Promise<string[]> {
  const backups = await backupFiles(directory, prefix);
  if (backups.length <= keep) return [];
  const drilled = await lastDrilled(directory, backups);
  const stay = new Set([drilled, justVerified].filter((name) => name !== undefined));
  return tooMany(backups, keep, stay).map(({ name }) => name);
}

async function lastDrilled(
  directory: string,
  newestFirst: readonly BackupFile[],
): Promise<string | undefined> {
  for (const { name } of newestFirst) {
    if ((await readNote(join(directory, name)))?.drill?.outcome === "ok") return name;
  }
  return undefined;
}

/**
 * Removes files of a killed run: an unfinished copy, or a note without its backup. The lock ensures
 * that no other run is in progress.
 */
async function removeLeftovers({ directory, prefix }: BackupPlan): Promise<void> {
  const names = await readdir(directory);
  for (const name of names) {
    // The time must follow the prefix, so that `shop_` does not match files of `shop_users_`.
    const isPart = name.startsWith(`.${prefix}`) && PART.test(name.slice(prefix.length + 1));
    const backup = name.slice(0, -noteName("").length);
    const isNote = noteName(backup) === name && backupOf(backup, prefix) !== undefined;
    const isLone = isNote && !names.includes(backup);
    const isOurs = isPart || (isLone && (await readNote(join(directory, backup)))?.file === backup);
    if (isOurs) await rm(join(directory, name), { force: true });
  }
}

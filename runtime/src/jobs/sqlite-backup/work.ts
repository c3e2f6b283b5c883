import { publish, stampOf, stampsOf } from "../file.ts";
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
import { withBackupLock } from "../../backups/backup-lock.ts";
import { type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import { type Clock, SYSTEM_CLOCK } from "../../run/clock.ts";
import { readdir, rm, stat } from "node:fs/promises";
import { type BackupSet, backupPaths } from "../../backups/backup-sets.ts";
import { sqliteBackupJob } from "./options.ts";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { copyDatabase, requireSpace } from "../../backups/database-copy.ts";
import { alertUnchecked, checkDatabase } from "../../backups/database-check.ts";
import { EXIT } from "../../contract/exit-code.ts";
import { isBusy } from "../../databases/sqlite.ts";
import { errorCode } from "../../contract/error-code.ts";

/**
 * Copies the database, verifies the copy, gives it its name and removes the oldest backups.
 *
 * A file with a backup's name is a verified backup, because the rename is the last step. A failure
 * before it changes no older backup.
 */
export async function work(context: JobContext, clock: Clock = SYSTEM_CLOCK): Promise<JobOutcome> {
  const plan = planOf(context);
  await ensureDatabase(plan);
  if (context.dryRun) return dryRun(plan, clock.now());
  const made = await withBackupLock({ ...plan, signal: context.signal }, async () => {
    const now = clock.now();
    const recent = tooSoon(plan, await backupFiles(plan.directory, plan.prefix), now);
    if (recent) return { recent };
    await removeLeftovers(plan);
    await ensureRoomFor(plan);
    const note = await makeBackup(context, plan, now);
    return { note, rotation: await rotate(context, plan, note.file) };
  });
  const { note, rotation, recent } = made;
  if (!note) return { status: "skipped", details: { reason: plan.reason, recent } };
  const { file, unchecked = [] } = note;
  await alertUnchecked(context, plan.prefix, { file, unchecked });
  return { status: "ok", details: { ...note, ...rotation } };
}

async function dryRun(plan: BackupPlan, now: Date): Promise<JobOutcome> {
  const { directory, prefix, keep, reason } = plan;
  const recent = tooSoon(plan, await backupFiles(directory, prefix), now);
  const would = recent
    ? { recent }
    : {
        wouldWrite: `${prefix}${stampOf(now)}.db`,
        // The new backup counts.
        wouldRemove: await superfluous(plan, keep - 1),
      };
  return { status: "skipped", details: { dryRun: true, reason, ...would } };
}

/** Default for periodic backups. A backup soon after another would only remove an older one. */
const SPACING_SECONDS = 30 * 60;

/** Default for backups at the start: a deploy needs a recent backup, but a restart loop must not fill the disk. */
const START_SPACING_SECONDS = 5 * 60;

/** Resolved options of one run, with absolute paths. */
interface BackupPlan extends Pick<BackupSet, "database" | "directory" | "prefix" | "keep"> {
  readonly reason: string;
  /** A backup younger than this makes a new one unnecessary. */
  readonly spacingMs: number;
}

function planOf({ options, input, directory, actor }: JobContext): BackupPlan {
  const said = sqliteBackupJob.options.parse(options);
  const asked = sqliteBackupJob.input.parse(input).reason;
  const scheduled = backupReason(actor, said.reason ?? "periodic");
  const spacings: Readonly<Record<string, number>> = {
    periodic: said.spacingSeconds ?? SPACING_SECONDS,
    startup: said.startSpacingSeconds ?? START_SPACING_SECONDS,
  };
  const spacing = asked === undefined ? (spacings[scheduled] ?? 0) : 0;
  return {
    ...backupPaths(options, directory),
    reason: asked ?? scheduled,
    spacingMs: spacing * 1000,
  };
}

/** Checked first, because SQLite only reports that it cannot open a missing file. */
async function ensureDatabase({ database }: Pick<BackupPlan, "database">): Promise<void> {
  const isFile = await stat(database).then(
    (file) => file.isFile(),
    () => false,
  );
  if (!isFile) throw new JobFailure(`${database}: there is no such database. Correct "database".`);
}

/** The name of a recent backup that makes a new one unnecessary. Ignores times in the future. */
function tooSoon(
  { spacingMs }: Pick<BackupPlan, "spacingMs">,
  backups: readonly BackupFile[],
  now: Date,
): string | undefined {
  return backups.find(({ takenAt }) => {
    const ageMs = now.getTime() - takenAt.getTime();
    return ageMs >= 0 && ageMs < spacingMs;
  })?.name;
}

/** Fails early if the disk has no room. */
async function ensureRoomFor({ database, directory }: BackupPlan): Promise<void> {
  const log = await stat(`${database}-wal`).catch(() => undefined);
  const bytes = (await stat(database)).size + (log?.size ?? 0);
  const remedy = "Free some, or keep fewer backups.";
  await requireSpace({ directory, bytes, what: "a backup", remedy });
}

/** Makes one verified backup and returns its note. A failure leaves no file behind. */
async function makeBackup(
  context: Pick<JobContext, "runId" | "signal">,
  plan: BackupPlan,
  at: Date,
): Promise<BackupNote> {
  const unfinished = `.${plan.prefix}${stampOf(at)}.${randomUUID().slice(0, 8)}.part`;
  const target = join(plan.directory, unfinished);
  const { signal } = context;
  try {
    await copyOrFail(plan, target, signal);
    const { problems, unchecked, rows } = await checkDatabase(target, { signal });
    if (problems.length > 0) {
      const message = `${plan.database}: the copy is damaged and was removed: ${problems[0]}. Older backups are untouched.`;
      throw new JobFailure(message, { details: { problems } });
    }
    const facts = {
      at,
      reason: plan.reason,
      rows,
      ...(unchecked.length > 0 && { unchecked: [...unchecked] }),
      ...(await fingerprint(target, signal)),
    };
    return await giveName(plan, target, { at, note: noteOf(context, plan.database, facts) });
  } catch (error) {
    // If the run was stopped, report that and not the interrupted step.
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

/** Name of an unfinished file, after its prefix. */
const PART = /^\d{8}_\d{6}[._].*\.part(-\w+)?$/;

/** Backups that were removed, and those that could not be removed. */
interface Rotation {
  readonly removed: string[];
  readonly notRemoved: string[];
}

/**
 * Removes the oldest backups with their notes, but never the new one.
 *
 * If one cannot be removed, the run succeeds, reports it, and the next run tries again.
 */
async function rotate(
  { log }: Pick<JobContext, "log">,
  plan: BackupPlan,
  justVerified: string,
): Promise<Rotation> {
  const { directory } = plan;
  const rotation: Rotation = { removed: [], notRemoved: [] };
  for (const name of await superfluous(plan, plan.keep, justVerified)) {
    try {
      await rm(join(directory, name));
      await rm(join(directory, noteName(name)), { force: true });
      rotation.removed.push(name);
    } catch (error) {
      log.warn({ file: name, code: errorCode(error) }, "an old backup could not be removed");
      rotation.notRemoved.push(name);
    }
  }
  return rotation;
}

/**
 * The backups to remove when `keep` stay. The newest backup that passed a restore drill also stays,
 * because all others were only verified when they were made.
 */
async function superfluous(
  { directory, prefix }: Pick<BackupPlan, "directory" | "prefix">,
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
async function removeLeftovers(plan: BackupPlan): Promise<void> {
  const { directory, prefix } = plan;
  const names = await readdir(directory);
  for (const name of names) {
    if (isPart(prefix, name) || (await isLoneNote(plan, name, names))) {
      await rm(join(directory, name), { force: true });
    }
  }
}

/** The time must follow the prefix, so that `shop_` does not match files of `shop_users_`. */
function isPart(prefix: string, name: string): boolean {
  return name.startsWith(`.${prefix}`) && PART.test(name.slice(prefix.length + 1));
}

async function isLoneNote(
  { directory, prefix }: BackupPlan,
  name: string,
  all: readonly string[],
): Promise<boolean> {
  const backup = name.slice(0, -noteName("").length);
  if (!backupOf(backup, prefix) || noteName(backup) !== name || all.includes(backup)) return false;
  return (await readNote(join(directory, backup)))?.file === backup;
}

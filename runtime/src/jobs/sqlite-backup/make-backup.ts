import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { publish, stampOf, stampsOf } from "../file.ts";
import {
  type BackupNote,
  fingerprint,
  noteName,
  noteOf,
  writeNote,
} from "../../backups/backup-note.ts";
import { copyDatabase } from "../../backups/online-copy.ts";
import { ensureRoom } from "../../backups/room.ts";
import { verifyDatabase } from "../../backups/sqlite-verdict.ts";
import { EXIT } from "../../contract/exit-code.ts";
import { type JobContext, JobFailure } from "../definition.ts";
import { isBusy } from "../../databases/sqlite.ts";
import type { BackupPlan } from "./plan.ts";

/** Refuses to begin what cannot be finished. */
export async function ensureRoomFor({ database, directory }: BackupPlan): Promise<void> {
  const log = await stat(`${database}-wal`).catch(() => undefined);
  const bytes = (await stat(database)).size + (log?.size ?? 0);
  const remedy = "Free some, or keep fewer backups.";
  await ensureRoom({ directory, bytes, what: "a backup", remedy });
}

/** Makes one verified backup and gives its note; whatever fails leaves no file behind. */
export async function makeBackup(
  context: Pick<JobContext, "runId" | "signal">,
  plan: BackupPlan,
  at: Date,
): Promise<BackupNote> {
  const unfinished = `.${plan.prefix}${stampOf(at)}.${randomUUID().slice(0, 8)}.part`;
  const target = join(plan.directory, unfinished);
  const { signal } = context;
  try {
    await copyOrFail(plan, target, signal);
    const { problems, rows } = await verifyDatabase(target, { signal });
    if (problems.length > 0) {
      const message = `${plan.database}: the copy is damaged and was removed: ${problems[0]}. Older backups are untouched.`;
      throw new JobFailure(message, { details: { problems } });
    }
    const facts = { at, reason: plan.reason, rows, ...(await fingerprint(target, signal)) };
    return await giveName(plan, target, { at, note: noteOf(context, plan.database, facts) });
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

/**
 * Gives a finished backup its note and then its name; two backups in one second get different names.
 *
 * The note comes first, so that no moment has a backup without its note. One whose backup is not
 * there is of a backup that somebody removed, or whose run was killed.
 */
async function giveName(
  { directory, prefix }: BackupPlan,
  finished: string,
  { at, note }: { readonly at: Date; readonly note: Omit<BackupNote, "file"> },
): Promise<BackupNote> {
  for (const stamp of stampsOf(at)) {
    const file = `${prefix}${stamp}.db`;
    const path = join(directory, file);
    // Checked first, so that the note of a backup that is there is not written over.
    if (existsSync(path)) continue;
    const named = { file, ...note };
    await writeNote(path, named);
    if (await publish(finished, path)) return named;
    await rm(noteName(path), { force: true });
  }
  throw new JobFailure(`${directory}: all names of ${stampOf(at)} are taken.`);
}

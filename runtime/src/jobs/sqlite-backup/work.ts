import { stampOf } from "../file.ts";
import { backupFiles } from "../../backups/backup-file.ts";
import { withBackupLock } from "../../backups/backup-lock.ts";
import type { JobContext, JobOutcome } from "../definition.ts";
import { type Clock, SYSTEM_CLOCK } from "../../run/clock.ts";
import { ensureRoomFor, makeBackup } from "./make-backup.ts";
import { type BackupPlan, ensureDatabase, planOf, tooSoon } from "./plan.ts";
import { removeLeftovers, rotate, superfluous } from "./rotation.ts";

/**
 * Copies the database, verifies the copy, gives it its name and removes the copies that are too many.
 *
 * A file with a backup's name is a verified backup: it gets the name last, in one step. Whatever
 * goes wrong before leaves the older ones alone.
 */
export async function work(context: JobContext, clock: Clock = SYSTEM_CLOCK): Promise<JobOutcome> {
  const plan = planOf(context);
  await ensureDatabase(plan);
  if (context.dryRun) return dryRun(plan, clock.now());
  return withBackupLock({ ...plan, signal: context.signal }, async () => {
    const now = clock.now();
    const recent = tooSoon(plan, await backupFiles(plan.directory, plan.prefix), now);
    if (recent) return { status: "skipped", details: { reason: plan.reason, recent } };
    await removeLeftovers(plan);
    await ensureRoomFor(plan);
    const note = await makeBackup(context, plan, now);
    return { status: "ok", details: { ...note, ...(await rotate(context, plan, note.file)) } };
  });
}

async function dryRun(plan: BackupPlan, now: Date): Promise<JobOutcome> {
  const { directory, prefix, keep, reason } = plan;
  const recent = tooSoon(plan, await backupFiles(directory, prefix), now);
  const would = recent
    ? { recent }
    : {
        wouldWrite: `${prefix}${stampOf(now)}.db`,
        // The new one is among those that stay.
        wouldRemove: await superfluous(plan, keep - 1),
      };
  return { status: "skipped", details: { dryRun: true, reason, ...would } };
}

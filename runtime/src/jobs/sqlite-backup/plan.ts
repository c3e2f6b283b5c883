import { stat } from "node:fs/promises";
import { type BackupFile } from "../../backups/backup-file.ts";
import { backupReason } from "../../backups/backup-note.ts";
import { backupPlace, type BackupSet } from "../../backups/backup-sets.ts";
import { type JobContext, JobFailure } from "../definition.ts";
import { sqliteBackupInput, sqliteBackupJob } from "./options.ts";

/** A periodic copy soon after another one would push an older one out for nothing. */
const SPACING_SECONDS = 30 * 60;

/** Shorter at the start: a deploy must not be without a fresh copy, and a restart loop must not fill the disk. */
const START_SPACING_SECONDS = 5 * 60;

/** What one run is to do, with absolute paths. */
export interface BackupPlan extends Pick<BackupSet, "database" | "directory" | "prefix" | "keep"> {
  readonly reason: string;
  /** A backup that is younger than this is enough. */
  readonly spacingMs: number;
}

/** What the options, the input and who asks make of a run. */
export function planOf({ options, input, directory, actor }: JobContext): BackupPlan {
  const said = sqliteBackupJob.options.parse(options);
  const asked = sqliteBackupInput.parse(input).reason;
  const scheduled = backupReason(actor, said.reason ?? "periodic");
  const spacings: Readonly<Record<string, number>> = {
    periodic: said.spacingSeconds ?? SPACING_SECONDS,
    startup: said.startSpacingSeconds ?? START_SPACING_SECONDS,
  };
  const spacing = asked === undefined ? (spacings[scheduled] ?? 0) : 0;
  return {
    ...backupPlace(options, directory),
    reason: asked ?? scheduled,
    spacingMs: spacing * 1000,
  };
}

/** SQLite would say of a missing file that it cannot be opened. */
export async function ensureDatabase({ database }: Pick<BackupPlan, "database">): Promise<void> {
  const isFile = await stat(database).then(
    (file) => file.isFile(),
    () => false,
  );
  if (!isFile) throw new JobFailure(`${database}: there is no such database. Correct "database".`);
}

/** The name of a backup that makes this one needless. One from the future says nothing about now. */
export function tooSoon(
  { spacingMs }: Pick<BackupPlan, "spacingMs">,
  backups: readonly BackupFile[],
  now: Date,
): string | undefined {
  return backups.find(({ takenAt }) => {
    const ageMs = now.getTime() - takenAt.getTime();
    return ageMs >= 0 && ageMs < spacingMs;
  })?.name;
}

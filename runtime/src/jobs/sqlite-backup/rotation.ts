import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type BackupFile, backupFiles, backupOf, tooMany } from "../../backups/backup-file.ts";
import { noteName, readNote } from "../../backups/backup-note.ts";
import type { JobContext } from "../definition.ts";
import { errorCode } from "../../contract/error-code.ts";
import type { BackupPlan } from "./plan.ts";

/** What a name of an unfinished file is after its prefix. */
const PART = /^\d{8}_\d{6}[._].*\.part(-\w+)?$/;

/** Names of the backups that went, and of those that should have gone. */
export interface Rotation {
  readonly removed: string[];
  readonly notRemoved: string[];
}

/**
 * Removes the backups that are too many, each with its note; never the one that was just verified.
 *
 * What cannot be removed does not spoil the backup: it is told, and tried again next time.
 */
export async function rotate(
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
 * Names of the backups that go when so many stay, and with them the newest that a restore drill
 * found good: of all others it is only known that they were good when they were made.
 */
export async function superfluous(
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
 * Removes what a killed backup left: an unfinished file, or a note whose backup never got its name.
 * Under the lock nobody else's can be unfinished.
 */
export async function removeLeftovers(plan: BackupPlan): Promise<void> {
  const { directory, prefix } = plan;
  const names = await readdir(directory);
  for (const name of names) {
    if (isPart(prefix, name) || (await isLoneNote(plan, name, names))) {
      await rm(join(directory, name), { force: true });
    }
  }
}

/** With the time right after the prefix: `shop_` must leave alone what is made for `shop_users_`. */
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

import { randomUUID } from "node:crypto";
import { rm, stat, statfs, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { backupFiles } from "../../backups/backup-file.ts";
import type { Probe } from "../check.ts";

/** Bytes in a megabyte, as `df -m` counts. */
const MB = 1024 * 1024;

/** A directory takes a file, and its disk has room; the value is the free space in MB. */
export function diskProbe(
  { path, minFreeMb = 0 }: { path: string; minFreeMb?: number | undefined },
  directory: string,
): Probe {
  const target = resolve(directory, path);
  return {
    probe: async () => {
      await writeAndRemove(target);
      const { bavail, bsize } = await statfs(target);
      const value = Math.floor((bavail * bsize) / MB);
      if (value >= minFreeMb) return { value };
      return { value, problem: `${value} MB free, less than ${minFreeMb}` };
    },
  };
}

/** A disk can be full, read-only or gone while its directory is still listed. */
async function writeAndRemove(directory: string): Promise<void> {
  const file = join(directory, `.opspec-health-${randomUUID()}`);
  try {
    await writeFile(file, "ok", { flag: "wx" });
  } finally {
    await rm(file, { force: true });
  }
}

/** Which backups are meant, and how old the newest may be. */
interface BackupTarget {
  readonly directory: string;
  readonly prefix: string;
  readonly withinSeconds: number;
}

/**
 * The newest backup is young enough and not empty; the value is its age in seconds.
 *
 * The age comes from its name (`ventas_20260106_220000.db`, UTC), because a copy or a restore gives
 * an old backup a new modification time.
 */
export function backupProbe(
  { directory, prefix, withinSeconds }: BackupTarget,
  base: string,
): Probe {
  const target = resolve(base, directory);
  return {
    probe: async () => {
      const [newest] = await backupFiles(target, prefix);
      if (!newest) return { problem: "there is no backup" };
      const { size } = await stat(join(target, newest.name));
      if (size === 0) return { problem: "the newest backup is empty" };
      const value = Math.max(0, Math.round((Date.now() - newest.takenAt.getTime()) / 1000));
      if (value <= withinSeconds) return { value };
      return {
        value,
        problem: `the newest backup is ${value} s old, not within ${withinSeconds} s`,
      };
    },
  };
}

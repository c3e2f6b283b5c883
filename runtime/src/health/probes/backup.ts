import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { backupFiles } from "../../backups/backup-file.ts";
import type { Probe } from "./probe.ts";

/** Which backups are looked for, and how old the newest may be. */
export interface BackupTarget {
  readonly directory: string;
  readonly prefix: string;
  readonly withinSeconds: number;
}

/**
 * The newest backup is young enough and not empty; the value is its age in seconds.
 *
 * The age is the one in its name (`ventas_20260106_220000.db`, UTC): a copy or a restore makes an
 * old backup look new by its modification time.
 */
export function backupProbe(
  { directory, prefix, withinSeconds }: BackupTarget,
  base: string,
): Probe {
  const target = resolve(base, directory);
  return {
    look: async () => {
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

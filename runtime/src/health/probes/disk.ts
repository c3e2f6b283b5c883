import { randomUUID } from "node:crypto";
import { rm, statfs, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Probe } from "./probe.ts";

/** Bytes in a megabyte, as disks are sold and `df -m` counts. */
const MB = 1024 * 1024;

/** A directory takes a file, and its disk has room; the value is what is free, in MB. */
export function diskProbe(
  { path, minFreeMb = 0 }: { path: string; minFreeMb?: number | undefined },
  directory: string,
): Probe {
  const target = resolve(directory, path);
  return {
    look: async () => {
      await writeAndRemove(target);
      const { bavail, bsize } = await statfs(target);
      const freeMb = Math.floor((bavail * bsize) / MB);
      if (freeMb >= minFreeMb) return { value: freeMb };
      return { value: freeMb, problem: `${freeMb} MB free, less than ${minFreeMb}` };
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

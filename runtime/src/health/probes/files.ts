import { randomUUID } from "node:crypto";
import { rm, stat, statfs, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { Worker } from "node:worker_threads";
import { backupFiles } from "../../backups/backup-file.ts";
import { INTEGRITY } from "../../databases/sqlite.ts";
import { describeDuration } from "../../schedule/schedule-words.ts";
import type { Probe } from "../check.ts";
import { CheckError } from "../error-words.ts";
import type { ProbeContext, ProbeTarget } from "../preset.ts";

/** Bytes in a megabyte, as `df -m` counts. */
const MB = 1024 * 1024;

/** A directory takes a file, and its disk has room; the value is the free space in MB. */
export function diskProbe(
  { path, minFreeMb = 0 }: ProbeTarget<"disk">,
  { directory }: ProbeContext,
): Probe {
  const target = resolve(directory, path);
  return {
    probe: async () => {
      // A disk can be full, read-only or gone while its directory is still listed.
      const file = join(target, `.opspec-health-${randomUUID()}`);
      await writeFile(file, "ok", { flag: "wx" }).finally(() => rm(file, { force: true }));
      const { bavail, bsize } = await statfs(target);
      const value = Math.floor((bavail * bsize) / MB);
      if (value >= minFreeMb) return { value };
      return { value, problem: `${value} MB free, less than ${minFreeMb}` };
    },
  };
}

/**
 * The newest backup is young enough and not empty; the value is its age in seconds.
 *
 * The age comes from its name (`ventas_20260106_220000.db`, UTC), because a copy or a restore gives
 * an old backup a new modification time.
 */
export function backupProbe(
  { directory, prefix, withinSeconds }: ProbeTarget<"backup">,
  context: ProbeContext,
): Probe {
  const target = resolve(context.directory, directory);
  return {
    probe: async () => {
      const [newest] = await backupFiles(target, prefix);
      if (!newest) return { problem: "there is no backup" };
      const { size } = await stat(join(target, newest.name));
      if (size === 0) return { problem: "the newest backup is empty" };
      const value = Math.max(0, Math.round((Date.now() - newest.takenAt.getTime()) / 1000));
      if (value <= withinSeconds) return { value };
      const [age, limit] = [value, withinSeconds].map(describeDuration);
      return { value, problem: `the newest backup is ${age} old, not within ${limit}` };
    },
  };
}

/**
 * A quick_check reads the whole file, about 1 GB a second. Once an hour finds damage before the
 * backups with good data are rotated away, and leaves the disk alone.
 */
const QUICK_CHECK_EVERY_MS = 3_600_000;

/**
 * Runs in a thread of its own, because node:sqlite waits for the disk and a health answer must not.
 * It opens the file read-only, so that it never creates a missing database. `errstr` is SQLite's
 * phrase for a result code, which names no path. @see https://www.sqlite.org/c3ref/errcode.html
 */
const SQLITE_PROGRAM = `
${INTEGRITY}
const { parentPort, workerData } = require("node:worker_threads");
const { DatabaseSync } = require("node:sqlite");
let result;
try {
  const database = new DatabaseSync(workerData.path, { readOnly: true, timeout: 1000 });
  database.prepare("select count(*) from sqlite_schema").get();
  const { problems } = workerData.quick ? integrityOf(database, "quick_check", 1) : { problems: [] };
  database.close();
  result = { isIntact: problems.length === 0 };
} catch (error) {
  result = { error: error.errstr ?? "failed" };
}
parentPort.postMessage(result);
`;

/** A SQLite database answers a query and, once an hour, passes a quick_check. */
export function sqliteProbe({ path }: ProbeTarget<"sqlite">, { directory }: ProbeContext): Probe {
  const target = resolve(directory, path);
  let checkedAtMs = -Infinity;
  return {
    probe: async (signal) => {
      const quick = performance.now() - checkedAtMs > QUICK_CHECK_EVERY_MS;
      const { isIntact = false, error } = await askInThread({ path: target, quick }, signal);
      if (error !== undefined) throw new CheckError(error);
      if (!isIntact) return { problem: "damaged: quick_check found errors" };
      if (quick) checkedAtMs = performance.now();
      return {};
    },
  };
}

async function askInThread(
  workerData: { readonly path: string; readonly quick: boolean },
  signal: AbortSignal,
): Promise<{ readonly isIntact?: boolean; readonly error?: string }> {
  const execArgv = ["--disable-warning=ExperimentalWarning"];
  const worker = new Worker(SQLITE_PROGRAM, { eval: true, workerData, execArgv });
  try {
    const [result] = await once(worker, "message", { signal });
    return result;
  } finally {
    await worker.terminate();
  }
}

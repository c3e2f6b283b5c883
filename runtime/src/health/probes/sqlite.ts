import { resolve } from "node:path";
import { Worker } from "node:worker_threads";
import * as z from "zod/mini";
import { INTEGRITY } from "../../databases/sqlite-integrity.ts";
import { CheckError, type Probe } from "../check.ts";

/**
 * A quick_check reads the whole file, about 1 GB a second. Once an hour finds damage before the
 * backups with good data are rotated away, and leaves the disk alone.
 */
const QUICK_CHECK_EVERY_MS = 3_600_000;

/** Result codes that operators meet. @see https://www.sqlite.org/rescode.html */
const WORDS: Readonly<Record<number, string>> = {
  5: "locked",
  8: "read-only",
  10: "input/output error",
  11: "damaged",
  13: "disk full",
  14: "cannot be opened",
  26: "not a SQLite database",
};

/**
 * Runs in a thread of its own, because node:sqlite waits for the disk and a health answer must not.
 * It opens the file read-only, so that it never creates a missing database.
 */
const PROBE = `
${INTEGRITY}
const { parentPort, workerData } = require("node:worker_threads");
const { DatabaseSync } = require("node:sqlite");
let result;
try {
  const database = new DatabaseSync(workerData.path, { readOnly: true, timeout: 1000 });
  database.prepare("select count(*) from sqlite_schema").get();
  const { problems } = workerData.quick ? integrityOf(database, "quick_check", 1) : { problems: [] };
  database.close();
  result = { intact: problems.length === 0 };
} catch (error) {
  result = { code: error.errcode ?? 0 };
}
parentPort.postMessage(result);
`;

const FileState = z.object({ intact: z.optional(z.boolean()), code: z.optional(z.number()) });

/** A SQLite database answers a query and, once an hour, passes a quick_check. */
export function sqliteProbe({ path }: { path: string }, directory: string): Probe {
  const target = resolve(directory, path);
  let checkedAtMs: number | undefined;
  return {
    probe: async (signal) => {
      const quick =
        checkedAtMs === undefined || performance.now() - checkedAtMs > QUICK_CHECK_EVERY_MS;
      const { intact, code } = await probeInThread({ path: target, quick }, signal);
      if (code !== undefined) throw new CheckError(WORDS[code & 0xff] ?? `SQLite error ${code}`);
      if (intact !== true) return { problem: "damaged: quick_check found errors" };
      if (quick) checkedAtMs = performance.now();
      return {};
    },
  };
}

async function probeInThread(
  workerData: { path: string; quick: boolean },
  signal: AbortSignal,
): Promise<z.infer<typeof FileState>> {
  const worker = new Worker(PROBE, {
    eval: true,
    workerData,
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  const stop = (): void => void worker.terminate();
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await new Promise((resolvePromise, reject) => {
      worker.once("message", (message) => resolvePromise(FileState.parse(message)));
      worker.once("error", reject);
      worker.once("exit", () => reject(new CheckError("ended without an answer")));
    });
  } finally {
    signal.removeEventListener("abort", stop);
    await worker.terminate();
  }
}

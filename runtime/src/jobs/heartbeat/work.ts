import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, mkdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { valueOf } from "../../contract/env.ts";
import { errorCode } from "../../contract/error-code.ts";
import { errorWords } from "../../health/error-words.ts";
import { type Clock, SYSTEM_CLOCK } from "../../run/clock.ts";
import { RUNTIME_VERSION } from "../../version.ts";
import { dryRunOutcome, type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import { stampOf, stampsOf, writeNew } from "../file.ts";
import { heartbeatJob } from "./options.ts";

const DIRECTORY = "snapshots";

/** Time limit of a program that prints its version. */
const VERSION_TIMEOUT_MS = 10_000;

/** One line of a snapshot. */
interface Observation {
  readonly section: "version" | "directory" | "env";
  readonly key: string;
  readonly value: string;
}

/** Writes versions, states of directories and set variables to `heartbeat_<time>.csv`. */
export async function work(context: JobContext, clock: Clock = SYSTEM_CLOCK): Promise<JobOutcome> {
  const options = heartbeatJob.options.parse(context.options);
  const { directory = DIRECTORY, directories = [], programs = [], variables = [] } = options;
  const now = clock.now();
  if (context.dryRun) {
    const wouldWrite = join(directory, `heartbeat_${stampOf(now)}.csv`);
    return dryRunOutcome({ wouldWrite });
  }
  const states: Observation[] = [];
  for (const key of new Set([directory, ...directories])) {
    const value = await directoryState(resolve(context.directory, key));
    states.push({ section: "directory", key, value });
  }
  const observations: Observation[] = [
    { section: "version", key: "runtime", value: RUNTIME_VERSION },
    { section: "version", key: "node", value: process.versions.node },
    ...(await Promise.all(programs.map((it) => observeProgram(context, it)))),
    ...states,
    ...variables.map((key): Observation => {
      return { section: "env", key, value: valueOf(context.env, key) ? "SET" : "MISSING" };
    }),
  ];
  const file = await writeSnapshot(context, directory, { observations, now });
  const keysWith = (value: string) =>
    observations.filter((it) => it.value === value).map(({ key }) => key);
  return {
    status: "ok",
    details: { file, errors: keysWith("ERROR"), missing: keysWith("MISSING") },
  };
}

async function observeProgram(
  { env, childEnv, directory, signal }: JobContext,
  program: string,
): Promise<Observation> {
  try {
    const { stdout } = await promisify(execFile)(program, ["--version"], {
      cwd: directory,
      env: { ...(childEnv ?? env) },
      timeout: VERSION_TIMEOUT_MS,
      signal,
    });
    return { section: "version", key: program, value: stdout.trim().split("\n", 1).join("") };
  } catch {
    signal.throwIfAborted();
    return { section: "version", key: program, value: "MISSING" };
  }
}

async function directoryState(path: string): Promise<"OK" | "CREATED" | "ERROR"> {
  try {
    if (!(await stat(path)).isDirectory()) return "ERROR";
    await access(path, constants.W_OK);
    return "OK";
  } catch (error) {
    if (errorCode(error) !== "ENOENT") return "ERROR";
  }
  // mkdir fails for a dangling link, because the disk behind the link is missing.
  return mkdir(path, { recursive: true }).then(
    () => "CREATED",
    () => "ERROR",
  );
}

async function writeSnapshot(
  context: JobContext,
  directory: string,
  { observations, now }: { observations: readonly Observation[]; now: Date },
): Promise<string> {
  const { stringify } = await import("csv-stringify/sync");
  const text = stringify([...observations], { header: true, columns: ["section", "key", "value"] });
  try {
    for (const stamp of stampsOf(now)) {
      const file = join(directory, `heartbeat_${stamp}.csv`);
      if (await writeNew(resolve(context.directory, file), text)) return file;
    }
  } catch (error) {
    const message = `${directory}: the snapshot could not be written: ${errorWords(error)}.`;
    throw new JobFailure(message, { details: { observations }, cause: error });
  }
  throw new JobFailure(`${directory}: all file names for ${stampOf(now)} exist.`);
}

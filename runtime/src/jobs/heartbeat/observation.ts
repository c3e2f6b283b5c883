import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, mkdir, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { promisify } from "node:util";
import type { JobContext } from "../definition.ts";
import { valueOf } from "../../contract/env.ts";
import { errorCode } from "../../contract/error-code.ts";
import { RUNTIME_VERSION } from "../../version.ts";

/** One line of a snapshot. */
export interface Observation {
  readonly section: "version" | "directory" | "env";
  readonly key: string;
  readonly value: string;
}

/** A program that does not tell its version in this time is not told of. */
const VERSION_TIMEOUT_MS = 10_000;

/** Versions of the runtime and of programs; a program that cannot be started is MISSING. */
export async function observeVersions(
  context: JobContext,
  programs: readonly string[],
): Promise<Observation[]> {
  const own = { runtime: RUNTIME_VERSION, node: process.versions.node };
  const told = await Promise.all(
    programs.map(async (program) => [program, await versionOf(context, program)] as const),
  );
  return [...Object.entries(own), ...told].map(([key, value]) => ({
    section: "version",
    key,
    value,
  }));
}

async function versionOf(
  { env, childEnv, directory, signal }: JobContext,
  program: string,
): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, ["--version"], {
      cwd: directory,
      env: { ...(childEnv ?? env) },
      timeout: VERSION_TIMEOUT_MS,
      signal,
    });
    return stdout.trim().split("\n", 1).join("");
  } catch {
    signal.throwIfAborted();
    return "MISSING";
  }
}

/** OK for a directory that can be written, CREATED for one that was missing, ERROR for the rest. */
export async function observeDirectories(
  { directory }: JobContext,
  paths: readonly string[],
): Promise<Observation[]> {
  const observations: Observation[] = [];
  for (const path of paths) {
    const value = await directoryState(resolve(directory, path));
    observations.push({ section: "directory", key: path, value });
  }
  return observations;
}

async function directoryState(path: string): Promise<"OK" | "CREATED" | "ERROR"> {
  try {
    if (!(await stat(path)).isDirectory()) return "ERROR";
    await access(path, constants.W_OK);
    return "OK";
  } catch (error) {
    if (errorCode(error) !== "ENOENT") return "ERROR";
  }
  // A link that points to nothing is not created over: the disk behind it is what is missing.
  return mkdir(path, { recursive: true }).then(
    () => "CREATED",
    () => "ERROR",
  );
}

/** SET or MISSING, never the value. */
export function observeVariables({ env }: JobContext, names: readonly string[]): Observation[] {
  return names.map((key) => ({
    section: "env",
    key,
    value: valueOf(env, key) === undefined ? "MISSING" : "SET",
  }));
}

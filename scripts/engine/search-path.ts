import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";
import { promisify } from "node:util";

/** Timeout of a program that prints its version; an engine takes 0.3 s. */
const VERSION_LIMIT_MS = 20_000;

/** The first executable of this name on PATH, as a shell would find it. */
export function findOnPath(name: string, env: NodeJS.ProcessEnv): string | undefined {
  return searchPath(env)
    .map((directory) => join(directory, name))
    .find(isExecutable);
}

/** The absolute directories of PATH. A relative one would depend on the working directory. */
export function searchPath(env: NodeJS.ProcessEnv): string[] {
  return (env["PATH"] ?? "").split(delimiter).filter(isAbsolute);
}

/** A program's version output. It runs outside any project, whose settings could change it. */
export async function askVersion(
  path: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const { stdout } = await promisify(execFile)(path, args, {
    cwd: tmpdir(),
    env: { ...env, PULUMI_SKIP_UPDATE_CHECK: "true" },
    timeout: VERSION_LIMIT_MS,
  });
  return stdout.trim();
}

/** Whether this user may execute the file. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";
import { promisify } from "node:util";

/** The longest a program may take to say its version; an engine takes 0.3 s. */
const VERSION_LIMIT_MS = 20_000;

/** The first executable of this name on PATH, as a shell would find it. */
export function findOnPath(name: string, env: NodeJS.ProcessEnv): string | undefined {
  return searchPath(env)
    .map((directory) => join(directory, name))
    .find(isExecutable);
}

/** The directories of PATH. A relative one is left out: what it names depends on who asks. */
export function searchPath(env: NodeJS.ProcessEnv): string[] {
  return (env["PATH"] ?? "").split(delimiter).filter(isAbsolute);
}

/** What a program prints when asked for its version; asked outside any project, whose settings could change it. */
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

/** Whether a file is there and may be executed by this user. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

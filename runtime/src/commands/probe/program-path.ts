import { constants, accessSync, statSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import type { Env } from "../../contract/env.ts";

/** Where commands are looked for. */
export interface Surroundings {
  readonly directory: string;
  readonly env: Env;
}

/** The file that a shell would start for a word; undefined when there is none that may be started. */
export function programPath(program: string, { directory, env }: Surroundings): string | undefined {
  if (program.includes("/")) {
    const path = resolve(directory, program);
    return isProgram(path) ? path : undefined;
  }
  const folders = (env["PATH"] ?? "").split(delimiter).filter(Boolean);
  return folders.map((folder) => join(folder, program)).find(isProgram);
}

/** Whether there is a file. */
export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** Whether there is a directory. */
export function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function isProgram(path: string): boolean {
  if (!isFile(path)) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

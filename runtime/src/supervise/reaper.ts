import { constants, accessSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Env } from "../contract/env.ts";

/** Set for the process under the reaper, so that it does not start another one. */
const REAPED = "OPSPEC_REAPED";

/** Path of a reaper other than the one that ships. */
const TINI = "OPSPEC_TINI";

/** How to start this process again. */
export interface Reaped {
  readonly file: string;
  readonly argv: readonly string[];
  readonly env: Env;
}

/**
 * How to start this process under a reaper, or why there is none. Undefined under a reaper.
 *
 * An orphan of the app becomes a child of the nearest reaper, or of process 1. Node is often process 1
 * of a container and does not reap such children, so they stay as zombies until the container has no
 * process ids left. Tini reaps them.
 *
 * @see https://github.com/krallin/tini#subreaping
 */
export function underReaper(
  main: string,
  current: Pick<NodeJS.Process, "argv" | "execArgv" | "execPath" | "platform">,
  env: Env,
): Reaped | string | undefined {
  if (env[REAPED] === "1") return undefined;
  if (current.platform !== "linux") return "the reaper exists for Linux only";
  const tini = env[TINI] ?? join(dirname(main), "tini");
  if (!isExecutable(tini)) return `no reaper at ${tini}`;
  const { execPath, execArgv, argv } = current;
  return {
    file: tini,
    argv: [tini, "-s", "--", execPath, ...execArgv, ...argv.slice(1)],
    env: { ...env, [REAPED]: "1" },
  };
}

/** An environment for a child, without the mark of this process. */
export function withoutReaperMark(env: Env): Env {
  const { [REAPED]: _, ...others } = env;
  return others;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

import type { Env } from "../contract/env.ts";
import { constants, accessSync } from "node:fs";
import { dirname, join } from "node:path";

/** Set for the process that runs under the reaper, so that it is not put under another one. */
const REAPED = "OPSPEC_REAPED";

/** Where another reaper is. */
const TINI = "OPSPEC_TINI";

/** The process as it is to be started again. */
export interface Reaped {
  readonly file: string;
  readonly argv: readonly string[];
  readonly env: Env;
}

/**
 * How this process is started under a reaper; else why there is none.
 *
 * What an app leaves behind becomes a child of the nearest reaper, or of process 1. Node, which often
 * is process 1 in a container, takes no notice of the end of such a child, so it would stay as a
 * zombie, and a container runs out of process ids. Tini does nothing but take notice.
 *
 * @see https://github.com/krallin/tini#subreaping
 */
export function underReaper(
  main: string,
  {
    argv,
    execArgv,
    execPath,
    platform,
  }: Pick<NodeJS.Process, "argv" | "execArgv" | "execPath" | "platform">,
  env: Env,
): Reaped | string | undefined {
  if (env[REAPED] === "1") return undefined;
  if (platform !== "linux") return "there is a reaper for Linux only";
  const tini = env[TINI] ?? join(dirname(main), "tini");
  if (!isExecutable(tini)) return `there is no reaper at ${tini}`;
  return {
    file: tini,
    argv: [tini, "-s", "--", execPath, ...execArgv, ...argv.slice(1)],
    env: { ...env, [REAPED]: "1" },
  };
}

/** The environment of what is started, without the mark of this process. */
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

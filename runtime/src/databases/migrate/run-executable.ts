import { type ChildOptions, startChild } from "../../run/child/child.ts";
import { EXIT } from "../../contract/exit-code.ts";
import type { Migrations } from "./sqlite.ts";

/** Runs the executable migrations of a database: each gets its file in OPSPEC_SQLITE. */
export function executableRunner(
  database: string,
  options: Omit<ChildOptions, "argv" | "command">,
): Migrations["runCommand"] {
  const env = { ...options.env, OPSPEC_SQLITE: database };
  return async ({ path }) => {
    const { exitCode } = await startChild({ ...options, argv: [path], env }).ended;
    return exitCode ?? EXIT.failed;
  };
}

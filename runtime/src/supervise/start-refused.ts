import { EXIT } from "../contract/exit-code.ts";

/**
 * The app must not start.
 *
 * It carries every problem at once and an exit code: the platform restarts a process that exits with
 * 75, and a person must correct the configuration of one that exits with 78.
 */
export class StartRefused extends Error {
  override readonly name = "StartRefused";
  readonly exitCode: number;
  readonly problems: readonly string[];

  constructor(problems: readonly string[], exitCode: number = EXIT.configuration) {
    super(problems.join("\n"));
    this.problems = problems;
    this.exitCode = exitCode;
  }
}

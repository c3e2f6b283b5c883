import { EXIT } from "../contract/exit-code.ts";

/**
 * The app must not be started as things are.
 *
 * It carries every problem at once, and whether another try may help: the platform starts a process
 * that ended with 75 again, and somebody has to look at one that ended with 78.
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

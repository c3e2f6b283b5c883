import type { Env } from "../contract/env.ts";

/** What is typed after `opspec-runtime`. */
export interface RuntimeCommand {
  readonly name: string;
  /** Arguments and options, as the help shows them. */
  readonly usage: string;
  readonly summary: string;
  /** Resolves to the exit code. A wrong call is thrown as a UsageError, a wrong configuration as a ConfigurationError. */
  readonly run: (args: readonly string[], env: Env) => Promise<number>;
}

/** The command was typed wrong; it exits with 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Reads arguments with a `parseArgs` of Node's; what it refuses is a UsageError. */
export function readArguments<T>(command: RuntimeCommand, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UsageError(`${error.message}\n${usageLine(command)}`);
  }
}

/** How a command is typed. */
export function usageLine({ name, usage }: RuntimeCommand): string {
  return `Usage: opspec-runtime ${name} ${usage}`.trimEnd();
}

import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { UsageError } from "../../infra/errors.ts";

/** Exit codes of every command. Unexpected errors crash with a stack trace. */
export const EXIT = { ok: 0, findings: 1, usage: 2 } as const;

/** One command of the command line. */
export interface Command {
  readonly name: string;
  /** The only positional argument is the name of a stack. */
  readonly takesStack: boolean;
  /** What follows the command's name in its usage line: `<stack> [--local]`. */
  readonly usage: string;
  readonly summary: string;
  readonly options: ParseArgsOptionsConfig;
  run(invocation: Invocation): Promise<number>;
}

/** The arguments after the command's name. */
export interface Invocation {
  readonly positionals: readonly string[];
  readonly flags: Readonly<Record<string, boolean | undefined>>;
  readonly values: Readonly<Record<string, string | undefined>>;
  /** Options that may be repeated. */
  readonly lists: Readonly<Record<string, readonly string[] | undefined>>;
}

/** Options of every command on a stack. */
export const stackOptions = {
  local: { type: "boolean" },
  json: { type: "boolean" },
} as const satisfies ParseArgsOptionsConfig;

/** Option of the commands that use the values of an overlay. */
export const overlayOption = {
  overlay: { type: "string" },
} as const satisfies ParseArgsOptionsConfig;

/** Parses the arguments. @throws UsageError for an unknown option, with the command's usage */
export function parseInvocation(command: Command, args: readonly string[]): Invocation {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: command.options,
      allowPositionals: command.takesStack,
    });
    const entries = Object.entries(values);
    return {
      positionals,
      flags: Object.fromEntries(
        entries.filter((it): it is [string, boolean] => typeof it[1] === "boolean"),
      ),
      values: Object.fromEntries(
        entries.filter((it): it is [string, string] => typeof it[1] === "string"),
      ),
      lists: Object.fromEntries(
        entries.filter((it): it is [string, string[]] => Array.isArray(it[1])),
      ),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      `opspec ${command.name}: ${reason}\nUsage: opspec ${command.name} ${command.usage}`,
    );
  }
}

/** The stack that the arguments name. @throws UsageError when they name none or several */
export function stackOf(command: Command, { positionals }: Invocation): string {
  const [stack, ...rest] = positionals;
  if (stack !== undefined && rest.length === 0) return stack;
  throw new UsageError(
    `opspec ${command.name}: name one stack, got ${positionals.length}.\nUsage: opspec ${command.name} ${command.usage}`,
  );
}

/** Writes a progress line to standard error. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Writes one JSON value to standard output. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

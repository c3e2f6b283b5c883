import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { UsageError } from "../../infra/errors.ts";

/** Exit codes of every command. Anything unexpected crashes with its stack. */
export const EXIT = { ok: 0, findings: 1, usage: 2 } as const;

/** One thing that people and CI type. */
export interface Command {
  readonly name: string;
  /** Its first argument is the name of a stack; it has no other. */
  readonly takesStack: boolean;
  /** After the name, as in `preview <stack> [--local]`. */
  readonly usage: string;
  readonly summary: string;
  readonly options: ParseArgsOptionsConfig;
  run(invocation: Invocation): Promise<number>;
}

/** What was typed after the command's name. */
export interface Invocation {
  readonly positionals: readonly string[];
  readonly flags: Readonly<Record<string, boolean | undefined>>;
  readonly values: Readonly<Record<string, string | undefined>>;
  /** Of options that may be repeated. */
  readonly lists: Readonly<Record<string, readonly string[] | undefined>>;
}

/** Options that every command on a stack has. */
export const stackOptions = {
  local: { type: "boolean" },
  json: { type: "boolean" },
} as const satisfies ParseArgsOptionsConfig;

/** The option of commands that deploy or compare with the values of an overlay. */
export const overlayOption = {
  overlay: { type: "string" },
} as const satisfies ParseArgsOptionsConfig;

/** Parses what was typed. @throws UsageError for an unknown option, with the command's usage */
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

/** The one stack that was named. @throws UsageError when none or several were */
export function stackOf(command: Command, { positionals }: Invocation): string {
  const [stack, ...rest] = positionals;
  if (stack !== undefined && rest.length === 0) return stack;
  throw new UsageError(
    `opspec ${command.name}: name one stack, got ${positionals.length}.\nUsage: opspec ${command.name} ${command.usage}`,
  );
}

/** A line for people, beside what the command prints. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** One JSON value and nothing else on standard output. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

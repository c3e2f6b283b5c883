import { type RuntimeCommand, UsageError, usageLine } from "./commands/command.ts";
import { EXIT } from "./contract/exit-code.ts";
import { createLogger } from "./log.ts";
import { ConfigurationError } from "./contract/configuration-error.ts";
import type { Env } from "./contract/env.ts";
import { StoreError } from "./databases/sql-database.ts";

/** Every command, loaded when it is typed: a cron job should not wait for a supervisor's code. */
const COMMANDS: Readonly<Record<string, () => Promise<RuntimeCommand>>> = {
  run: async () => (await import("./commands/run.ts")).run,
  call: async () => (await import("./commands/call.ts")).call,
  schedule: async () => (await import("./commands/schedule.ts")).schedule,
  supervise: async () => (await import("./commands/supervise.ts")).supervise,
  gate: async () => (await import("./commands/gate.ts")).gate,
  migrate: async () => (await import("./commands/migrate.ts")).migrate,
  migrations: async () => (await import("./commands/migrations.ts")).migrations,
  probe: async () => (await import("./commands/probe.ts")).probe,
  "alert-test": async () => (await import("./commands/alert-test.ts")).alertTest,
  version: async () => (await import("./commands/version.ts")).version,
};

/** Runs a command; resolves to the exit code. */
export async function main(args: readonly string[], env: Env): Promise<number> {
  const [name = "help", ...rest] = args;
  try {
    if (["help", "--help", "-h"].includes(name)) return await help(args.length === 0);
    const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (!load) {
      const known = Object.keys(COMMANDS).join(", ");
      throw new UsageError(`opspec-runtime: there is no command "${name}". Known: ${known}.`);
    }
    return await (await load()).run(rest, env);
  } catch (error) {
    return report(error, env);
  }
}

async function help(isWrong: boolean): Promise<number> {
  const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()));
  const lines = commands.map((it) => `${usageLine(it)}\n    ${it.summary}`);
  process.stdout.write(`${lines.join("\n")}\n`);
  return isWrong ? EXIT.usage : EXIT.ok;
}

/** A usage error is printed as plain text; a wrong configuration is a log line. */
function report(error: unknown, env: Env): number {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n`);
    return EXIT.usage;
  }
  const log = createLogger({ manifest: undefined, env, name: "runtime" });
  if (error instanceof ConfigurationError) {
    log.fatal({ problems: error.problems }, error.message);
    return EXIT.configuration;
  }
  // A retry may succeed, and a stack trace would not help.
  if (error instanceof StoreError) {
    log.fatal({ code: error.code }, error.message);
    return EXIT.temporary;
  }
  log.fatal({ err: error instanceof Error ? error : new Error(String(error)) }, "crash");
  return EXIT.failed;
}

// Work that does not end must not keep a process alive whose run is over.
void main(process.argv.slice(2), process.env).then((code) => process.exit(code));

import { nearest, SpecError, UsageError } from "../infra/errors.ts";
import { LocalCloudStartError } from "../infra/local-cloud/start-error.ts";
import { type Command, EXIT, parseInvocation } from "./commands/command.ts";

/** Every command, imported on use, because most of them need no engine. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  validate: async () => (await import("./commands/validate.ts")).validate,
  preview: async () => (await import("./commands/preview.ts")).preview,
  up: async () => (await import("./commands/up.ts")).up,
  refresh: async () => (await import("./commands/refresh.ts")).refresh,
  destroy: async () => (await import("./commands/destroy.ts")).destroy,
  verify: async () => (await import("./commands/verify.ts")).verify,
  cloud: async () => (await import("./commands/cloud.ts")).cloud,
  engine: async () => (await import("./commands/engine.ts")).engine,
};

/** Runs a command; resolves to the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(await help());
    return name === undefined ? EXIT.usage : EXIT.ok;
  }
  try {
    const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (!load) throw new UsageError(await unknownCommand(name));
    const command = await load();
    if (rest.includes("--help") || rest.includes("-h")) {
      process.stdout.write(`${command.summary}\nUsage: opspec ${name} ${command.usage}\n`);
      return EXIT.ok;
    }
    return await command.run(parseInvocation(command, rest));
  } catch (error) {
    if (!isOperators(error)) throw error;
    process.stderr.write(`${error.message.trimEnd()}\n`);
    return EXIT.usage;
  }
}

/** Errors that the operator can fix are printed without a stack trace. */
function isOperators(error: unknown): error is Error {
  return [SpecError, UsageError, LocalCloudStartError].some((kind) => error instanceof kind);
}

async function unknownCommand(name: string): Promise<string> {
  const near = nearest(name, Object.keys(COMMANDS));
  const hint = near === undefined ? `\n${await help()}` : ` Did you mean "${near}"?`;
  return `opspec: there is no command "${name}".${hint}`;
}

async function help(): Promise<string> {
  const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()));
  const width = Math.max(...commands.map(({ name, usage }) => `${name} ${usage}`.length));
  const lines = commands.map(
    ({ name, usage, summary }) => `  ${`${name} ${usage}`.padEnd(width)}  ${summary}`,
  );
  return `Usage: opspec <command>\n\n${lines.join("\n")}\n`;
}

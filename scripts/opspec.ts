import { SpecError, UsageError } from "../infra/errors.ts";
import { type Command, EXIT, parseInvocation } from "./commands/command.ts";

/** Every command, loaded when it is typed: most of them need no engine. */
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
    if (!load) throw new UsageError(`opspec: there is no command "${name}".\n${await help()}`);
    const command = await load();
    if (rest.includes("--help") || rest.includes("-h")) {
      process.stdout.write(`${command.summary}\nUsage: opspec ${name} ${command.usage}\n`);
      return EXIT.ok;
    }
    return await command.run(parseInvocation(command, rest));
  } catch (error) {
    if (!(error instanceof SpecError) && !(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message.trimEnd()}\n`);
    return EXIT.usage;
  }
}

async function help(): Promise<string> {
  const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()));
  const lines = commands.map(
    ({ name, usage, summary }) => `  ${`${name} ${usage}`.padEnd(62)} ${summary}`,
  );
  return `Usage: opspec <command>\n\n${lines.join("\n")}\n`;
}

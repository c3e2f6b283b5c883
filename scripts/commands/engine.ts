import { locateEngine, renderPathLine } from "../engine/find.ts";
import { type Command, EXIT, printJson } from "./command.ts";

/** Finds or installs the engine, for a shell that runs `pulumi` by hand. */
export const engine: Command = {
  name: "engine",
  takesStack: false,
  usage: "[--json]",
  summary: 'Find or install the engine; eval "$(npx opspec engine)" puts it on PATH.',
  options: { json: { type: "boolean" } },
  run: async ({ flags }) => {
    const location = await locateEngine({ log: (line) => process.stderr.write(`${line}\n`) });
    if (flags["json"]) printJson(location);
    else process.stdout.write(`${renderPathLine(location)}\n`);
    return EXIT.ok;
  },
};

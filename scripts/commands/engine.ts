import { locateEngine, renderPathLine } from "../engine/find.ts";
import { type Command, EXIT, printJson } from "./command.ts";

/** Where the engine is, got if need be; for a shell that wants to run `pulumi` by hand. */
export const engine: Command = {
  name: "engine",
  takesStack: false,
  usage: "[--json]",
  summary: 'Find or get the engine; eval "$(npx opspec engine)" puts it on PATH.',
  options: { json: { type: "boolean" } },
  run: async ({ flags }) => {
    const location = await locateEngine({ log: (line) => process.stderr.write(`${line}\n`) });
    if (flags["json"]) printJson(location);
    else process.stdout.write(`${renderPathLine(location)}\n`);
    return EXIT.ok;
  },
};

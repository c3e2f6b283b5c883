import type { Command } from "../commands/command.ts";
import { code } from "./markdown.ts";

/** Every command with its arguments and options. */
export function renderCommandPage(commands: readonly Command[]): string {
  return commands.map(renderCommand).join("\n\n");
}

function renderCommand({ name, usage, summary, options }: Command): string {
  const flags = Object.entries(options).map(([option, { type, short }]) => {
    const long = `--${option}${type === "string" ? " VALUE" : ""}`;
    return code(short === undefined ? long : `-${short}, ${long}`);
  });
  return [
    `### ${code(`opspec ${name}`)}`,
    summary,
    `Usage: ${code(`opspec ${name} ${usage}`)}`,
    `Options: ${flags.length === 0 ? "none" : flags.join(", ")}.`,
  ].join("\n\n");
}

import { UsageError } from "../../infra/errors.ts";
import { startLocalCloud } from "../../infra/local-cloud/server.ts";
import { type Command, EXIT, type Invocation, printJson } from "./command.ts";

const PORT_MAX = 65_535;

/** The local cloud by itself, in the foreground, for any tool that speaks Render's API. */
export const cloud: Command = {
  name: "cloud",
  takesStack: false,
  usage: "[--port N] [--state FILE] [--realistic]",
  summary: "Run the local cloud until Ctrl-C; the first line says where.",
  options: { port: { type: "string" }, state: { type: "string" }, realistic: { type: "boolean" } },
  run: async ({ flags, values }) => {
    const stateFile = values["state"];
    const running = await startLocalCloud({
      port: portOf(values),
      realistic: flags["realistic"] ?? false,
      ...(stateFile !== undefined && { stateFile }),
    });
    printJson(running.urls);
    await interrupted();
    await running.stop();
    return EXIT.ok;
  },
};

/** Resolves at Ctrl-C or a polite kill. */
export function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
}

function portOf({ port }: Invocation["values"]): number {
  if (port === undefined) return 0;
  const number = Number(port);
  if (Number.isInteger(number) && number >= 0 && number <= PORT_MAX) return number;
  throw new UsageError(`opspec cloud: --port should be 0 to ${PORT_MAX}, got ${port}.`);
}

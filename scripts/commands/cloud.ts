import { statSync } from "node:fs";
import { resolve } from "node:path";
import { UsageError } from "../../infra/errors.ts";
import { startLocalCloud } from "../../infra/local-cloud/server.ts";
import type { RunOptions } from "../../infra/local-cloud/run/run-source.ts";
import { LOCAL_CLOUD_RUN } from "../workspace/paths.ts";
import { type Command, EXIT, type Invocation, printJson } from "./command.ts";

const PORT_MAX = 65_535;

/** The local cloud by itself, in the foreground, for any tool that speaks Render's API. */
export const cloud: Command = {
  name: "cloud",
  takesStack: false,
  usage: "[--port N] [--state FILE] [--realistic] [--run [--source REPO=FOLDER]…]",
  summary:
    "Run the local cloud until Ctrl-C; the first line says where. With --run it builds and starts what is deployed from a repository whose folder --source names.",
  options: {
    port: { type: "string" },
    state: { type: "string" },
    realistic: { type: "boolean" },
    run: { type: "boolean" },
    source: { type: "string", multiple: true },
  },
  run: async ({ flags, values, lists }) => {
    const sources = sourcesOf(lists["source"] ?? []);
    if (!flags["run"] && lists["source"]) {
      throw new UsageError("opspec cloud: --source is of use with --run only. Add --run.");
    }
    const stateFile = values["state"];
    const running = await startLocalCloud({
      port: portOf(values),
      realistic: flags["realistic"] ?? false,
      ...(stateFile !== undefined && { stateFile }),
      ...(flags["run"] && { run: { sources, directory: runDirectory(stateFile) } }),
    });
    printJson(running.urls);
    await interrupted();
    await running.stop();
    return EXIT.ok;
  },
};

/** Resolves at Ctrl-C or a polite kill. */
export function interrupted(): Promise<void> {
  return new Promise((end) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => end());
  });
}

/** Beside the state, as disks belong to it. */
function runDirectory(stateFile: string | undefined): string {
  return stateFile === undefined ? LOCAL_CLOUD_RUN : `${resolve(stateFile)}.run`;
}

/** The last `=` parts them: an address may have one in its query. */
function sourcesOf(texts: readonly string[]): RunOptions["sources"] {
  const pairs = texts.map((text) => {
    const at = text.lastIndexOf("=");
    const folder = resolve(text.slice(at + 1));
    if (at > 0 && statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
      return [text.slice(0, at), folder] as const;
    }
    throw new UsageError(
      `opspec cloud: --source should be <repository or image>=<existing folder>, got ${text}.`,
    );
  });
  return Object.fromEntries(pairs);
}

function portOf({ port }: Invocation["values"]): number {
  if (port === undefined) return 0;
  const number = Number(port);
  if (Number.isInteger(number) && number >= 0 && number <= PORT_MAX) return number;
  throw new UsageError(`opspec cloud: --port should be 0 to ${PORT_MAX}, got ${port}.`);
}

import { statSync } from "node:fs";
import { resolve } from "node:path";
import { UsageError } from "../../infra/errors.ts";
import { startLocalCloud } from "../../infra/local-cloud/server.ts";
import type { RunOptions } from "../../infra/local-cloud/run/run-source.ts";
import { connectLocalCloud } from "../workspace/local-cloud.ts";
import { LOCAL_CLOUD_RUN } from "../workspace/paths.ts";
import { type Command, EXIT, type Invocation, printJson } from "./command.ts";

const PORT_MAX = 65_535;

/** Runs the local cloud alone, in the foreground, for any client of Render's API. */
export const cloud: Command = {
  name: "cloud",
  takesStack: false,
  usage:
    "[--local | --port N --state FILE --realistic] [--run [--source REPO=FOLDER]… [--store NAME=URL]…]",
  summary:
    "Run the local cloud until Ctrl-C; the first line prints its addresses, and with --run the only token that it accepts. --run builds and starts each deployed service whose repository has a folder (--source), with the real Postgres or Redis that --store names. --local starts the cloud that the other commands use with --local.",
  options: {
    local: { type: "boolean" },
    port: { type: "string" },
    state: { type: "string" },
    realistic: { type: "boolean" },
    run: { type: "boolean" },
    source: { type: "string", multiple: true },
    store: { type: "string", multiple: true },
  },
  run: async (invocation) => {
    const run = runOf(invocation);
    const keep = invocation.flags["local"] ? keepLocal : keepApart;
    const { urls, token, close } = await keep(invocation, run);
    printJson({ ...urls, token });
    await interrupted();
    await close();
    return EXIT.ok;
  },
};

type Run = Pick<RunOptions, "sources" | "stores">;

/** A local cloud that runs as long as this process. */
interface Kept {
  readonly urls: object;
  readonly token?: string | undefined;
  close(): Promise<void>;
}

/** The options for building and starting services; undefined without --run. */
function runOf({ flags, lists }: Invocation): Run | undefined {
  if (flags["run"]) {
    return { sources: sourcesOf(lists["source"] ?? []), stores: storesOf(lists["store"] ?? []) };
  }
  for (const name of ["source", "store"]) {
    if (lists[name]) {
      throw new UsageError(`opspec cloud: --${name} has an effect only with --run. Add --run.`);
    }
  }
  return undefined;
}

async function keepApart({ flags, values }: Invocation, run: Run | undefined): Promise<Kept> {
  const stateFile = values["state"];
  const running = await startLocalCloud({
    port: portOf(values),
    realistic: flags["realistic"] ?? false,
    ...(stateFile !== undefined && { stateFile }),
    ...(run && { run: { ...run, directory: runDirectory(stateFile) } }),
  });
  return { urls: running.urls, token: running.token, close: () => running.stop() };
}

async function keepLocal({ flags, values }: Invocation, run: Run | undefined): Promise<Kept> {
  const given = ["port", "state", "realistic"].filter((it) => it in flags || it in values);
  if (given.length > 0) {
    throw new UsageError(
      `opspec cloud: --local sets --${given.join(", --")} itself. Remove one of them.`,
    );
  }
  const connection = await connectLocalCloud(run);
  if (connection.keptBy === undefined) return connection;
  throw new UsageError(`opspec cloud: process ${connection.keptBy} runs it already.`);
}

/** Resolves on SIGINT or SIGTERM. */
export function interrupted(): Promise<void> {
  return new Promise((end) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => end());
  });
}

/** Builds and disks are kept beside the state file. */
function runDirectory(stateFile: string | undefined): string {
  return stateFile === undefined ? LOCAL_CLOUD_RUN : `${resolve(stateFile)}.run`;
}

/** Splits at the first `=`, because a URL may contain others. */
function storesOf(texts: readonly string[]): Record<string, string> {
  const pairs = texts.map((text) => {
    const at = text.indexOf("=");
    const url = text.slice(at + 1);
    if (at > 0 && URL.canParse(url)) return [text.slice(0, at), url] as const;
    throw new UsageError(
      `opspec cloud: --store should be <name>=<URL>, got ${text.slice(0, Math.max(at, 0))}.`,
    );
  });
  return Object.fromEntries(pairs);
}

/** Splits at the last `=`, because the query of an address may contain others. */
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

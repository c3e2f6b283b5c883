import { basename, dirname } from "node:path";

import type { PulumiCommand } from "@pulumi/pulumi/automation/index.js";

import { UsageError } from "../../infra/errors.ts";
import { withLock } from "../bootstrap/lock.mjs";
import { engineRoot, sweepCache } from "./cache.ts";
import { DOWNLOADS_URL } from "./installer.ts";
import { ENGINE_VERSION } from "./version.ts";
import {
  type EngineLocation,
  type Here,
  type Lack,
  fromCache,
  fromGo,
  fromInstaller,
  fromPath,
} from "./ways.ts";

/** Options of a search: the log and, for tests, another environment. */
export interface EngineSearch {
  readonly log: (line: string) => void;
  readonly env?: NodeJS.ProcessEnv;
  readonly downloadsUrl?: string;
}

/** An engine as Pulumi's Automation API takes it. */
export interface Engine extends EngineLocation {
  readonly command: PulumiCommand;
}

/** Finds, installs or builds the engine and loads the Automation API, which takes about a second. */
export async function findEngine(search: EngineSearch): Promise<Engine> {
  const location = await locateEngine(search);
  const { PulumiCommand } = await import("@pulumi/pulumi/automation/index.js");
  const bin = dirname(location.path);
  const command = await PulumiCommand.get(basename(bin) === "bin" ? { root: dirname(bin) } : {});
  return { ...location, command };
}

/**
 * Finds, installs or builds the engine, without loading the Automation API.
 *
 * In this order: on PATH, in the cache, by Pulumi's installer, from the published Go module. The
 * last two fill the cache, one process at a time.
 */
export async function locateEngine(search: EngineSearch): Promise<EngineLocation> {
  const { log, env = process.env, downloadsUrl = DOWNLOADS_URL } = search;
  const here: Here = { log, env, downloadsUrl };
  const onPath = await fromPath(here);
  if ("path" in onPath) return onPath;
  const cached = await fromCache(here);
  if ("path" in cached) return cached;
  return withLock(`${engineRoot(env)}.lock`, () => obtainEngine(here, onPath), {
    onWait: ({ pid }) => log(`Another process (${pid}) is installing the engine; waiting for it.`),
  });
}

/** The line that makes `pulumi` by hand use this engine, for a shell's `eval`. */
export function renderPathLine({ path, languageHostDir }: EngineLocation): string {
  const directories = [...(languageHostDir ? [languageHostDir] : []), dirname(path)];
  const quoted = directories.map((it) => `'${it.replaceAll("'", String.raw`'\''`)}'`);
  return `export PATH=${quoted.join(":")}:"$PATH"`;
}

async function obtainEngine(here: Here, onPath: Lack): Promise<EngineLocation> {
  const cached = await fromCache(here);
  if ("path" in cached) return cached;
  await sweepCache(here.env);
  const installed = await fromInstaller(here);
  if ("path" in installed) return installed;
  const built = await fromGo(here);
  if ("path" in built) return built;
  throw new UsageError(renderLacks([onPath, cached, installed, built]));
}

function renderLacks(lacks: readonly Lack[]): string {
  const lines = lacks.map(({ way, lacks: lack, remedy }) => `  ${way}: ${lack}. ${remedy}`);
  return `engine: no Pulumi engine ${ENGINE_VERSION} was found. One of these is needed:\n${lines.join("\n")}`;
}

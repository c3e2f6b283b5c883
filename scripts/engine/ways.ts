import { realpathSync } from "node:fs";
import { dirname, join, sep } from "node:path";

import { renderElapsed, startProgress } from "../bootstrap/progress.mjs";
import {
  LANGUAGE_HOST_DIR,
  engineBinary,
  engineCache,
  engineRoot,
  fillCache,
  placeLanguageHost,
} from "./cache.ts";
import { askGo, buildEngine, goComplaint, goNeeded } from "./go-build.ts";
import { installEngine, probeDownloads } from "./installer.ts";
import { askVersion, findOnPath, isExecutable, searchPath } from "./search-path.ts";
import { ENGINE_VERSION, versionComplaint } from "./version.ts";

/** An engine on this machine, and the way by which it was found. */
export interface EngineLocation {
  readonly path: string;
  readonly version: string;
  readonly origin: "path" | "cache" | "installer" | "go";
  /** Directory of our language host for PATH; absent when the engine finds a host by itself. */
  readonly languageHostDir?: string;
}

/** A way that found no engine: what is missing and the remedy. */
export interface Lack {
  readonly way: string;
  readonly lacks: string;
  readonly remedy: string;
}

/** Options of every way. */
export interface Here {
  readonly log: (line: string) => void;
  readonly env: NodeJS.ProcessEnv;
  readonly downloadsUrl: string;
}

/** The first way: the `pulumi` on PATH. */
export async function fromPath({ env, log }: Here): Promise<EngineLocation | Lack> {
  const way = "pulumi on PATH";
  const remedy = "Install Pulumi: https://www.pulumi.com/docs/iac/download-install/.";
  const path = findOnPath("pulumi", env);
  if (!path) return { way, lacks: "it is not on PATH", remedy };
  if (isInCache(path, env)) return { way, lacks: `${path} is the cache's`, remedy };
  const answer = await askVersion(path, ["version"], env).catch(() => "nothing");
  const version = answer.replace(/^v/, "");
  const complaint = versionComplaint(version);
  if (complaint) {
    log(`Skipping the engine at ${path}: it ${complaint}.`);
    return { way, lacks: `${path} ${complaint}`, remedy };
  }
  const found = { path, version, origin: "path" } as const;
  return hasLanguageHost(path, env) ? found : { ...found, languageHostDir: LANGUAGE_HOST_DIR };
}

/** The second way: the engine that an earlier start installed or built. */
export async function fromCache({ env }: Here): Promise<EngineLocation | Lack> {
  const root = engineRoot(env);
  if (!isExecutable(engineBinary(root))) {
    return { way: "the cache", lacks: `${root} is empty`, remedy: "The ways below fill it." };
  }
  await placeLanguageHost(root);
  return located(root, "cache");
}

/** The third way: Pulumi's own downloads, if they are reachable. */
export async function fromInstaller(here: Here): Promise<EngineLocation | Lack> {
  const way = "Pulumi's installer";
  const remedy = "Connect to the network and start again.";
  const unreachable = await probeDownloads(here.downloadsUrl);
  if (unreachable) return { way, lacks: unreachable, remedy };
  here.log(`Installing the engine ${ENGINE_VERSION} with Pulumi's installer, once.`);
  const stop = startProgress(here.log, (elapsed) => `  downloading … ${elapsed}`);
  try {
    const root = await fillCache(here.env, installEngine);
    return located(root, "installer");
  } catch (error) {
    here.log(`Pulumi's installer failed: ${messageOf(error)}`);
    return { way, lacks: "it failed, see above", remedy };
  } finally {
    here.log(`  … ${stop()}`);
  }
}

/** The fourth way: the published Go module, if a sufficient Go is installed. */
export async function fromGo({ env, log }: Here): Promise<EngineLocation | Lack> {
  const way = "building it with Go";
  const remedy = `Install Go ${goNeeded()} or newer: https://go.dev/dl/.`;
  const go = await askGo(env);
  if (!go) return { way, lacks: "go is not on PATH", remedy };
  const complaint = goComplaint(go, goNeeded());
  if (complaint) return { way, lacks: complaint, remedy };
  log(`Building the engine ${ENGINE_VERSION} with ${go.version}, once: 4 to 8 minutes on 2 cores.`);
  const startMs = performance.now();
  try {
    const root = await fillCache(env, (staged) => buildEngine(engineBinary(staged), env, log));
    await placeLanguageHost(root);
    log(`Built the engine in ${renderElapsed(performance.now() - startMs)}.`);
    return located(root, "go");
  } catch (error) {
    log(messageOf(error));
    return { way, lacks: "it failed, see above", remedy: "Fix what the compiler reports." };
  }
}

function located(root: string, origin: EngineLocation["origin"]): EngineLocation {
  return { path: engineBinary(root), version: ENGINE_VERSION, origin };
}

/** The engine looks on PATH, then beside its own file with every link followed. */
function hasLanguageHost(engine: string, env: NodeJS.ProcessEnv): boolean {
  return [dirname(realpathSync(engine)), ...searchPath(env)].some((directory) =>
    isExecutable(join(directory, "pulumi-language-nodejs")),
  );
}

/** The documented PATH line puts the cache's engine on PATH; it still counts as the cache's. */
function isInCache(path: string, env: NodeJS.ProcessEnv): boolean {
  try {
    return realpathSync(path).startsWith(realpathSync(engineCache(env)) + sep);
  } catch {
    return false;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

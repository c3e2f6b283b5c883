import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import type { ServiceRecord } from "../render/records.ts";
import { serviceType } from "../render/service-types.ts";
import { type Replacement, localText } from "./local-text.ts";

/** What one deploy starts: everything is decided, so that it can be started again as it was. */
export interface Release {
  readonly deployId: string;
  readonly directory: string;
  readonly command: string;
  readonly buildCommand: string | undefined;
  readonly preDeployCommand: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** Path that must answer; with none, an open port is enough. */
  readonly healthPath: string | undefined;
  readonly hasPort: boolean;
  readonly graceMs: number;
  /** Two instances must not write to one disk. @see https://render.com/docs/disks */
  readonly hasDisk: boolean;
}

/** From what a release is made. */
export interface ReleaseParts {
  readonly service: ServiceRecord;
  readonly deployId: string;
  /** The code, or for an image its runtime. */
  readonly folder: string;
  readonly hasDisk: boolean;
  readonly env: Readonly<Record<string, string>>;
  readonly replacements: readonly Replacement[];
  /** Directory of the service. */
  readonly home: string;
}

/** Render's own time between SIGTERM and SIGKILL. @see https://render.com/docs/deploys#graceful-shutdown */
const GRACE_SECONDS = 30;

/** What no clone has: another checkout's packages and builds. */
const NOT_CLONED = new Set([".git", "node_modules", ".opspec"]);

/** Decides what a deploy builds and starts. */
export function releaseOf(parts: ReleaseParts): Release {
  const { service, deployId, env, replacements, hasDisk } = parts;
  const { details, rootDir } = service;
  const local = (text: string): string => localText(text, replacements);
  const { build } = details;
  const isNative = build !== undefined && "startCommand" in build;
  const preDeploy = details.preDeployCommand;

  return {
    deployId,
    directory: join(codeDirectory(parts), rootDir),
    command: local(isNative ? build.startCommand : (build?.dockerCommand ?? "")),
    buildCommand: isNative && build.buildCommand !== "" ? local(build.buildCommand) : undefined,
    preDeployCommand: preDeploy ? local(preDeploy) : undefined,
    env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, local(value)])),
    healthPath: details.healthCheckPath || undefined,
    hasPort: serviceType(service.type).hasPort,
    graceMs: (details.maxShutdownDelaySeconds ?? GRACE_SECONDS) * 1000,
    hasDisk,
  };
}

/** A fresh copy of the folder, as a clone of the repository would be; an image has no code of its own. */
export function copyCode(parts: ReleaseParts): void {
  const target = codeDirectory(parts);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  if ("imagePath" in parts.service.source) return;
  cpSync(parts.folder, target, {
    recursive: true,
    filter: (from) => from === parts.folder || !NOT_CLONED.has(basename(from)),
  });
}

/** Where the secret files of a deploy are: the instance before may still read its own. */
export function secretsDirectory(home: string, deployId: string): string {
  return join(home, "secrets", deployId);
}

/** Removes what a deploy left that is of no use any more. */
export function removeRelease(home: string, deployId: string): void {
  const directories = [codeDirectory({ home, deployId }), secretsDirectory(home, deployId)];
  for (const it of directories) rmSync(it, { recursive: true, force: true });
}

/** Writes secret files where their service looks for them; only the owner reads them. */
export function writeSecretFiles(
  directory: string,
  files: readonly { readonly name: string; readonly content: string }[],
  replacements: readonly Replacement[],
): void {
  for (const { name, content } of files) {
    const file = join(directory, name);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, localText(content, replacements), { mode: 0o600 });
  }
}

function codeDirectory({ home, deployId }: Pick<ReleaseParts, "home" | "deployId">): string {
  return join(home, "code", deployId);
}

import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import type { ServiceRecord } from "../render/records.ts";
import { serviceType } from "../render/service-types.ts";
import { type Replacement, localText } from "./local-text.ts";

/** Everything that one deploy starts, so that it can be restarted unchanged. */
export interface Release {
  readonly deployId: string;
  readonly directory: string;
  readonly command: string;
  readonly buildCommand: string | undefined;
  readonly preDeployCommand: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** Health check path; without one, an open port is enough. */
  readonly healthPath: string | undefined;
  readonly hasPort: boolean;
  readonly graceMs: number;
  /** Two instances must not write to one disk. @see https://render.com/docs/disks */
  readonly hasDisk: boolean;
}

/** The input of a release. */
export interface ReleaseParts {
  readonly service: ServiceRecord;
  readonly deployId: string;
  /** The folder of the code, or of the runtime for an image. */
  readonly folder: string;
  readonly hasDisk: boolean;
  readonly env: Readonly<Record<string, string>>;
  readonly replacements: readonly Replacement[];
  /** Directory of the service. */
  readonly home: string;
}

/** Render's own time between SIGTERM and SIGKILL. @see https://render.com/docs/deploys#graceful-shutdown */
const GRACE_SECONDS = 30;

/** Directories that a clone does not have: packages and builds. */
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

/** Copies the folder, as a clone of the repository; an image has no code. */
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

/** Directory of a deploy's secret files; the previous instance may still read its own. */
export function secretsDirectory(home: string, deployId: string): string {
  return join(home, "secrets", deployId);
}

/** Removes the files of an obsolete deploy. */
export function removeRelease(home: string, deployId: string): void {
  const directories = [codeDirectory({ home, deployId }), secretsDirectory(home, deployId)];
  for (const it of directories) rmSync(it, { recursive: true, force: true });
}

/** Writes the secret files, readable only by the owner. */
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

import type { RuntimeManifest } from "../contract/manifest.ts";
import { type Env, namedVariables, valueOf } from "../contract/env.ts";
import { loadManifest, MANIFEST_VARIABLE } from "../contract/load-manifest.ts";
import { resolveSecretFiles } from "../contract/secret-file.ts";

/** What an app that was deployed with a manifest knows of itself. */
export interface AppEnvironment {
  /** Absent on a developer's machine. */
  readonly manifest: RuntimeManifest | undefined;
  /** With `X_FILE` resolved into `X`. */
  readonly env: Env;
}

/** Reads the manifest that OPSPEC_MANIFEST names, where it does. Throws a ConfigurationError. */
export function appEnvironment(environment: Env = process.env): AppEnvironment {
  const hasManifest = valueOf(environment, MANIFEST_VARIABLE) !== undefined;
  const manifest = hasManifest ? loadManifest(environment) : undefined;
  const named = new Set(manifest ? namedVariables(manifest).keys() : []);
  return { manifest, env: resolveSecretFiles(environment, named) };
}

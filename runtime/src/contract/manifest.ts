import * as z from "zod/mini";
import { ManifestAlerts } from "./alert.ts";
import { ManifestApp } from "./app.ts";
import { ManifestHealth } from "./health.ts";
import { ManifestJob } from "./job.ts";
import { ManifestLog } from "./log.ts";
import { ManifestOps } from "./ops.ts";
import { ManifestStores } from "./store.ts";
import { ManifestCache, ManifestToggle } from "./toggle.ts";
import { stableJson } from "./stable-json.ts";

export { HEALTH_PRESETS, PRESETS_WITHOUT_LIVENESS } from "../systems/preset-names.gen.ts";
export { OPENABLE_PATHS } from "./ops.ts";

/** The version of the manifest's shape. A runtime refuses any other. */
export const MANIFEST_VERSION = 1;

/** Where a Render service finds its manifest: Render mounts secret files here. @see https://render.com/docs/configure-environment-variables#secret-files */
export const MANIFEST_FILE = "opspec-manifest.json";

/**
 * What one process must run and answer: only its own jobs, checks and directories.
 *
 * It names environment variables and never carries a secret's value.
 */
export const RuntimeManifest = z.strictObject({
  version: z.literal(MANIFEST_VERSION),
  /** Version of the runtime for which it was made; an older runtime refuses it. */
  runtime: z.string(),
  system: z.string(),
  stack: z.string(),
  environment: z.enum(["production", "staging"]),
  /** Key of the service or job that this process is. */
  process: z.string(),
  timezone: z.string(),
  /** Persisted directories and files: linked from the working directory to the disk before the app starts. */
  disk: z.optional(z.strictObject({ mount: z.string(), persist: z.array(z.string()) })),
  app: z.optional(ManifestApp),
  jobs: z.array(ManifestJob),
  toggles: z.optional(z.array(ManifestToggle)),
  caches: z.optional(z.array(ManifestCache)),
  health: z.optional(ManifestHealth),
  alerts: z.optional(ManifestAlerts),
  stores: z.optional(ManifestStores),
  log: z.optional(ManifestLog),
  ops: z.optional(ManifestOps),
});

export type RuntimeManifest = z.infer<typeof RuntimeManifest>;

/** Text with its keys in stable order, so that an unchanged process keeps an unchanged file. */
export function renderManifest(manifest: RuntimeManifest): string {
  return `${stableJson(manifest, 2)}\n`;
}

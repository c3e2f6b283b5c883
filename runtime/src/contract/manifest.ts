import * as z from "zod/mini";
import { ManifestAlerts } from "./alert.ts";
import { ManifestApp } from "./app.ts";
import { ManifestHealth } from "./health.ts";
import { ManifestJob } from "./job.ts";
import { ManifestCache, ManifestToggle } from "./source.ts";
import { ManifestStores } from "./store.ts";

export { HEALTH_PRESETS, PRESETS_WITHOUT_LIVENESS } from "../systems/preset-names.gen.ts";

/** Version of the manifest's format. A runtime refuses every other version. */
export const MANIFEST_VERSION = 1;

/** File name of the manifest. Render mounts it as a secret file. @see https://render.com/docs/configure-environment-variables#secret-files */
export const MANIFEST_FILE = "opspec-manifest.json";

/** How the runtime writes log lines. */
export const ManifestLog = z.strictObject({
  level: z.optional(z.enum(["debug", "info", "warn", "error"])),
  /** Field with the id that all lines of one request or run share. Default: `trace`. */
  traceField: z.optional(z.string()),
});

/** Variable of the operators' token, which opens everything under /ops. */
export const OPS_TOKEN = "OPSPEC_OPS_TOKEN";

/** Variable of the token that opens only the start of a job that calls start, and the record of its run. */
export const CALL_TOKEN = "OPSPEC_CALL_TOKEN";

/**
 * Operator paths that may be opened without a token. Their answers contain no files, no backups, no
 * secrets and no output of an app (as the details of runs do), and a GET changes nothing.
 */
export const OPENABLE_PATHS = [
  "/ops/caches",
  "/ops/checks",
  "/ops/digest",
  "/ops/jobs",
  "/ops/migrations",
  "/ops/queues",
  "/ops/toggles",
  "/ops/verify",
  "/ops/version",
] as const;

/** Operator paths that answer without a token. */
export const ManifestOps = z.strictObject({
  /** To everyone. */
  public: z.optional(z.array(z.enum(OPENABLE_PATHS))),
});

/**
 * Everything that one process runs and answers: only its own jobs, checks and directories.
 *
 * It contains names of environment variables, never the value of a secret.
 */
export const RuntimeManifest = z.strictObject({
  version: z.literal(MANIFEST_VERSION),
  /** Version of the runtime that it was made for. An older runtime refuses it. */
  runtime: z.string(),
  system: z.string(),
  stack: z.string(),
  environment: z.enum(["production", "staging"]),
  /** Key of the service or job that this process is. */
  process: z.string(),
  timezone: z.string(),
  /** Persisted directories and files. The runtime links them from the working directory to the disk before the app starts. */
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
  /** Names of the variables whose values are secrets, in addition to those with the name of one. */
  secrets: z.optional(z.array(z.string())),
});

export type ManifestLog = z.infer<typeof ManifestLog>;
export type ManifestOps = z.infer<typeof ManifestOps>;
export type RuntimeManifest = z.infer<typeof RuntimeManifest>;

/** The manifest as text. Keys are sorted, so an unchanged process has an unchanged file. */
export function renderManifest(manifest: RuntimeManifest): string {
  return `${stableJson(manifest, 2)}\n`;
}

/**
 * Prefix of a stack's names in a store that other stacks may share: two systems, or production and
 * staging, may use one Postgres or Redis and have jobs of the same name.
 */
export function stackNamespace({
  system,
  stack,
}: Pick<RuntimeManifest, "system" | "stack">): string {
  return `${system}/${stack}`;
}

/** JSON with sorted keys at every depth, so that equal values are equal texts. */
export function stableJson(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (_, child: unknown) => (isPlain(child) ? sorted(child) : child),
    indent,
  );
}

function isPlain(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sorted(value: object): object {
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

import { z } from "zod";

/** The version of the manifest's shape. A runtime refuses any other. */
export const MANIFEST_VERSION = 1;

/** Where a Render service finds its manifest: Render mounts secret files here. @see https://render.com/docs/configure-environment-variables#secret-files */
export const MANIFEST_FILE = "opspec-manifest.json";

/** One job of one process. Times are in the units their names say. */
export const ManifestJob = z.strictObject({
  name: z.string(),
  /** Name in the catalog of jobs, for example `digest`; `command` for a command of the app's own. */
  uses: z.string(),
  /**
   * What starts it here: the runtime's own scheduler, a call from a cron job, this process itself
   * (a cron job is one run), or the app, whose runs are only watched.
   */
  startedBy: z.enum(["schedule", "call", "process", "app"]),
  /** When it is due: a pattern in a zone, or an interval counted from 1970-01-01T00:00Z. */
  schedule: z
    .strictObject({
      pattern: z.string().optional(),
      everySeconds: z.number().optional(),
      onStart: z.boolean().optional(),
      timezone: z.string(),
    })
    .optional(),
  /** With `uses: command`. */
  command: z.string().optional(),
  deadlineSeconds: z.number().optional(),
  overlap: z.enum(["forbid", "queue", "replace", "allow"]).optional(),
  retries: z.strictObject({ max: z.number(), backoffSeconds: z.number().optional() }).optional(),
  /** The environment variable with the URL of the store that holds the lock. */
  lock: z
    .strictObject({
      store: z.enum(["postgres", "redis"]),
      urlEnv: z.string(),
      ttlSeconds: z.number().optional(),
    })
    .optional(),
  alerts: z
    .strictObject({
      on: z.array(z.enum(["fail", "late", "stuck", "recovered"])),
      after: z.number().optional(),
    })
    .optional(),
  disabledBy: z.string().optional(),
  silencedBy: z.string().optional(),
  options: z.record(z.string(), z.json()).optional(),
});

/**
 * What one process must run and answer: only its own jobs and directories.
 *
 * It names environment variables and never carries a secret's value.
 */
export const RuntimeManifest = z.strictObject({
  version: z.literal(MANIFEST_VERSION),
  system: z.string(),
  stack: z.string(),
  /** Key of the service or job that this process is. */
  process: z.string(),
  timezone: z.string(),
  /** Persisted directories and files: linked from the working directory to the disk before the app starts. */
  disk: z.strictObject({ mount: z.string(), persist: z.array(z.string()) }).optional(),
  jobs: z.array(ManifestJob),
});

export type RuntimeManifest = z.infer<typeof RuntimeManifest>;

/** Text with its keys in stable order, so that an unchanged process keeps an unchanged file. */
export function renderManifest(manifest: RuntimeManifest): string {
  return `${JSON.stringify(sortKeys(manifest), null, 2)}\n`;
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, child]) => [key, sortKeys(child)]),
  );
}

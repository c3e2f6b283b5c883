import * as z from "zod/mini";
import { HEALTH_PRESETS } from "../systems/preset-names.gen.ts";
import { EnvName, Milliseconds, Seconds } from "./field.ts";

/** What a check probes. */
const Probe = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("postgres"), urlEnv: EnvName }),
  z.strictObject({ kind: z.literal("redis"), urlEnv: EnvName }),
  z.strictObject({
    kind: z.literal("http"),
    url: z.optional(z.string()),
    urlEnv: z.optional(EnvName),
    /** Path of the supervised app, instead of a URL. */
    path: z.optional(z.string()),
    status: z.optional(z.int()),
  }),
  z.strictObject({ kind: z.literal("tcp"), host: z.string(), port: z.int() }),
  z.strictObject({ kind: z.literal("disk"), path: z.string(), minFreeMb: z.optional(z.number()) }),
  z.strictObject({ kind: z.literal("sqlite"), path: z.string() }),
  z.strictObject({
    kind: z.literal("queue"),
    urlEnv: EnvName,
    key: z.string(),
    /** Maximum number of entries. */
    max: z.optional(z.int().check(z.minimum(0))),
  }),
  z.strictObject({ kind: z.literal("job"), job: z.string(), withinSeconds: Seconds }),
  z.strictObject({
    kind: z.literal("backup"),
    directory: z.string(),
    prefix: z.string(),
    withinSeconds: Seconds,
  }),
  z.strictObject({ kind: z.literal("heartbeat"), name: z.string(), withinSeconds: Seconds }),
  /** Last report of the app about one of its components. Without a report the check fails. */
  z.strictObject({ kind: z.literal("component"), name: z.string() }),
  /** Difference between this clock and that of Postgres. */
  z.strictObject({
    kind: z.literal("clock"),
    urlEnv: EnvName,
    maxSkewMs: z.optional(Milliseconds),
  }),
]);

/** A check that runs in the background. */
export const ManifestCheck = z.strictObject({
  name: z.string(),
  /** `live`: part of liveness. `ready`: part of readiness. `info`: only reported. */
  kind: z.enum(["live", "ready", "info"]),
  /** If a critical check fails, the answer is a 503. Otherwise it is `degraded`. Default: false. */
  critical: z.optional(z.boolean()),
  timeoutMs: z.optional(Milliseconds),
  intervalMs: z.optional(Milliseconds),
  probe: Probe,
});

/** Health endpoints. */
export const ManifestHealth = z.strictObject({
  preset: z.optional(z.enum(HEALTH_PRESETS)),
  checks: z.optional(z.array(ManifestCheck)),
  /** Paths of answers that differ from the defaults. */
  paths: z.optional(z.record(z.string(), z.string())),
  /** Variable with the key that a request for metrics must send, and its header. */
  metricsKeyEnv: z.optional(EnvName),
  metricsKeyHeader: z.optional(z.string()),
});

export type ManifestCheck = z.infer<typeof ManifestCheck>;
export type ManifestHealth = z.infer<typeof ManifestHealth>;

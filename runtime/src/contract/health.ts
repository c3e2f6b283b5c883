import * as z from "zod/mini";
import { HEALTH_PRESETS } from "../systems/preset-names.gen.ts";
import { EnvName, Milliseconds, Seconds } from "./field.ts";

/** What a check looks at. */
const Probe = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("postgres"), urlEnv: EnvName }),
  z.strictObject({ kind: z.literal("redis"), urlEnv: EnvName }),
  z.strictObject({
    kind: z.literal("http"),
    url: z.optional(z.string()),
    urlEnv: z.optional(EnvName),
    /** Path of the app under supervision, instead of a URL. */
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
    /** More entries than this fail the check. */
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
  /** What the app reported last about a part of itself; never reported is not ok. */
  z.strictObject({ kind: z.literal("component"), name: z.string() }),
  /** How far this clock is from the one of Postgres. */
  z.strictObject({
    kind: z.literal("clock"),
    urlEnv: EnvName,
    maxSkewMs: z.optional(Milliseconds),
  }),
]);

/** One thing that is looked at in the background. */
export const ManifestCheck = z.strictObject({
  name: z.string(),
  /** `live`: part of liveness. `ready`: part of readiness. `info`: told and never acted upon. */
  kind: z.enum(["live", "ready", "info"]),
  /** A failing critical check is a 503; any other makes the answer `degraded`. */
  critical: z.optional(z.boolean()),
  timeoutMs: z.optional(Milliseconds),
  intervalMs: z.optional(Milliseconds),
  probe: Probe,
});

/** How health is told. */
export const ManifestHealth = z.strictObject({
  preset: z.optional(z.enum(HEALTH_PRESETS)),
  checks: z.optional(z.array(ManifestCheck)),
  /** Where an answer is found when not at its usual path. */
  paths: z.optional(z.record(z.string(), z.string())),
  /** Variable with the key that a caller of the metrics must send, and its header. */
  metricsKeyEnv: z.optional(EnvName),
  metricsKeyHeader: z.optional(z.string()),
});

export type ManifestCheck = z.infer<typeof ManifestCheck>;
export type ManifestHealth = z.infer<typeof ManifestHealth>;

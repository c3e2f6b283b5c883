import * as z from "zod/mini";
import { EnvName, Seconds } from "./duration.ts";

/** Where alerts are sent. A channel whose variable is not set is skipped, which is no failure. */
const AlertChannel = z.strictObject({
  name: z.string(),
  kind: z.literal("webhook"),
  urlEnv: EnvName,
});

/** A rule over what is measured. */
const AlertRule = z.strictObject({
  name: z.string(),
  of: z.discriminatedUnion("kind", [
    /** A metric of this process by its Prometheus name, with labels that must match. */
    z.strictObject({
      kind: z.literal("metric"),
      name: z.string(),
      labels: z.optional(z.record(z.string(), z.string())),
    }),
    /** Length of a Redis list or stream. */
    z.strictObject({ kind: z.literal("queue"), urlEnv: EnvName, key: z.string() }),
    /** Events that the app reported by this name. */
    z.strictObject({ kind: z.literal("event"), name: z.string() }),
  ]),
  /** The value is above it. */
  above: z.optional(z.number()),
  /** The value grew by more than this within `withinSeconds`. */
  growth: z.optional(z.number()),
  /** More than so many a minute within `withinSeconds`. */
  ratePerMinute: z.optional(z.number()),
  withinSeconds: z.optional(Seconds),
  /** It must hold for so long before anybody is told. */
  forSeconds: z.optional(Seconds),
});

/** Who is told of what. */
export const ManifestAlerts = z.strictObject({
  channels: z.array(AlertChannel),
  rules: z.optional(z.array(AlertRule)),
});

export type ManifestAlerts = z.infer<typeof ManifestAlerts>;

import * as z from "zod/mini";
import { EnvName, Seconds } from "./duration.ts";
import { ManifestSource } from "./source.ts";

/** Where a toggle's value is read. */
const ToggleReader = z.discriminatedUnion("kind", [
  /** The presence of the file switches off. */
  z.strictObject({ kind: z.literal("marker"), path: z.string() }),
  z.strictObject({ kind: z.literal("env"), name: EnvName }),
  z.strictObject({ kind: z.literal("redis"), urlEnv: EnvName, key: z.string() }),
  /** The first column of the first row. */
  z.strictObject({
    kind: z.literal("sql"),
    urlEnv: z.optional(EnvName),
    path: z.optional(z.string()),
    query: z.string(),
  }),
  /** A row of a table of keys and values: the key is compared without its case. */
  z.strictObject({
    kind: z.literal("table"),
    source: ManifestSource,
    key: z.string(),
    keyColumn: z.optional(z.string()),
    valueColumn: z.optional(z.string()),
  }),
]);

/** A switch that an operator turns while the system runs. */
export const ManifestToggle = z.strictObject({
  name: z.string(),
  reader: ToggleReader,
  /** When the reader answers but knows no value; `off` without it. */
  whenMissing: z.optional(z.enum(["on", "off"])),
  /** When the reader does not answer, or was not asked yet; `off` (fail-closed) without it. */
  whenUnreachable: z.optional(z.enum(["on", "off"])),
  /**
   * An answer is believed so long. Without it: 30 s, and no time for markers and variables, which
   * cost nothing to look at.
   */
  ttlSeconds: z.optional(Seconds),
});

/** Named data that is refreshed in the background: a stale value is better than none. */
export const ManifestCache = z.strictObject({
  name: z.string(),
  source: ManifestSource,
  ttlSeconds: Seconds,
  /** Between the two tries of a refresh; 300 s without it. */
  retrySeconds: z.optional(Seconds),
});

export type ManifestToggle = z.infer<typeof ManifestToggle>;
export type ManifestCache = z.infer<typeof ManifestCache>;

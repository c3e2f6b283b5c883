import * as z from "zod/mini";
import { described, EnvName, Seconds } from "./field.ts";

const path = z.string();

const query = described(
  z.string(),
  "The query; it can only read, and each row of its answer is one.",
);

/** Where data for alerts, digests, toggles and caches is read. */
export const ManifestSource = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("file"),
    path: described(path, "Path of the file, from the app's directory; at most 32 MiB."),
    format: described(
      z.optional(z.enum(["json", "csv"])),
      "Its format; what its name ends with, else json, without it.",
    ),
  }),
  z.strictObject({
    kind: z.literal("sql"),
    urlEnv: described(z.optional(EnvName), "Variable with the URL of a Postgres."),
    path: described(z.optional(path), "Path of a SQLite file, instead of a Postgres."),
    query,
  }),
  z.strictObject({
    kind: z.literal("http"),
    url: described(
      z.optional(z.string()),
      "URL that answers GET with JSON: a list of objects, or one.",
    ),
    urlEnv: described(z.optional(EnvName), "Variable with the URL, instead of the URL itself."),
    tokenEnv: described(
      z.optional(EnvName),
      "Variable with a token, sent as `Authorization: Bearer`.",
    ),
  }),
  z.strictObject({
    kind: z.literal("sheet"),
    sheetEnv: described(EnvName, "Variable with the id of the Google Sheet."),
    range: described(
      z.string(),
      "Tab and cells in A1 notation; the first row names the columns.",
      "FeatureToggles!A:B",
    ),
    credentialsEnv: described(
      EnvName,
      "Variable with the JSON of a service account that may read it.",
    ),
    baseUrlEnv: described(
      z.optional(EnvName),
      "Variable with a base URL; Google's where it is not set.",
    ),
  }),
]);

export type ManifestSource = z.infer<typeof ManifestSource>;

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

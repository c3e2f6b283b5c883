import * as z from "zod/mini";
import { described, EnvName, Seconds } from "./field.ts";

const path = z.string();

const query = described(z.string(), "Read-only query.");

/** Source of rows for alerts, digests, toggles and caches. */
export const ManifestSource = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("file"),
    path: described(
      path,
      "Path of the file, relative to the app's directory. Its size is 32 MiB at most.",
    ),
    format: described(
      z.optional(z.enum(["json", "csv"])),
      "Format of the file. Default: the extension of the file, or else json.",
    ),
  }),
  z.strictObject({
    kind: z.literal("sql"),
    urlEnv: described(z.optional(EnvName), "Environment variable with the URL of a Postgres."),
    path: described(z.optional(path), "Path of a SQLite file, instead of a Postgres."),
    query,
  }),
  z.strictObject({
    kind: z.literal("http"),
    url: described(
      z.optional(z.string()),
      "URL that answers GET with JSON: a list of objects, or one object.",
    ),
    urlEnv: described(z.optional(EnvName), "Environment variable with the URL."),
    tokenEnv: described(
      z.optional(EnvName),
      "Environment variable with a token to send as a Bearer token.",
    ),
  }),
  z.strictObject({
    kind: z.literal("sheet"),
    sheetEnv: described(EnvName, "Environment variable with the id of the Google Sheet."),
    range: described(
      z.string(),
      "Tab and cells in A1 notation. The first row has the names of the columns.",
      "FeatureToggles!A:B",
    ),
    credentialsEnv: described(
      EnvName,
      "Environment variable with the JSON of a service account that may read the sheet.",
    ),
    baseUrlEnv: described(
      z.optional(EnvName),
      "Environment variable with a base URL. Default: Google's.",
    ),
  }),
]);

export type ManifestSource = z.infer<typeof ManifestSource>;

/** Source of a toggle's value. */
const ToggleReader = z.discriminatedUnion("kind", [
  /** The toggle is off while the file exists. */
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
  /** A row of a table of keys and values. Keys are case-insensitive. */
  z.strictObject({
    kind: z.literal("table"),
    source: ManifestSource,
    key: z.string(),
    keyColumn: z.optional(z.string()),
    valueColumn: z.optional(z.string()),
  }),
]);

/** A switch for operators that takes effect while the system runs. */
export const ManifestToggle = z.strictObject({
  name: z.string(),
  reader: ToggleReader,
  /** State if the source has no value. Default: `off`. */
  whenMissing: z.optional(z.enum(["on", "off"])),
  /** State if the source does not respond or was not read yet. Default: `off` (fail closed). */
  whenUnreachable: z.optional(z.enum(["on", "off"])),
  /**
   * How long a value is cached. Default: 30 s. Markers and variables are not cached, because they are
   * cheap to read.
   */
  ttlSeconds: z.optional(Seconds),
});

/** Named data that is refreshed in the background. A stale value is better than none. */
export const ManifestCache = z.strictObject({
  name: z.string(),
  source: ManifestSource,
  ttlSeconds: Seconds,
  /** Pause before the second try of a refresh. Default: 300 s. */
  retrySeconds: z.optional(Seconds),
});

export type ManifestToggle = z.infer<typeof ManifestToggle>;
export type ManifestCache = z.infer<typeof ManifestCache>;

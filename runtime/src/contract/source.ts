import * as z from "zod/mini";
import { EnvName } from "./duration.ts";

/** Where data for alerts, digests, toggles and caches is read. */
export const ManifestSource = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("file"),
    path: z.string(),
    format: z.optional(z.enum(["json", "csv"])),
  }),
  /** `urlEnv` for Postgres, `path` for a SQLite file. */
  z.strictObject({
    kind: z.literal("sql"),
    urlEnv: z.optional(EnvName),
    path: z.optional(z.string()),
    query: z.string(),
  }),
  z.strictObject({
    kind: z.literal("http"),
    url: z.optional(z.string()),
    urlEnv: z.optional(EnvName),
    /** Variable with a token that is sent as `Authorization: Bearer`. */
    tokenEnv: z.optional(EnvName),
  }),
  z.strictObject({
    kind: z.literal("sheet"),
    /** Variable with the id of the Google Sheet. */
    sheetEnv: EnvName,
    /** Tab and cells in A1 notation, for example `FeatureToggles!A:B`. */
    range: z.string(),
    /** Variable with the JSON of a service account. */
    credentialsEnv: EnvName,
    /** Variable with another base URL than Google's. */
    baseUrlEnv: z.optional(EnvName),
  }),
]);

export type ManifestSource = z.infer<typeof ManifestSource>;

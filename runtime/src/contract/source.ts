import * as z from "zod/mini";
import { EnvName } from "./duration.ts";

const path = z.string();

const query = z
  .string()
  .check(
    z.meta({ description: "The query; it can only read, and each row of its answer is one." }),
  );

/** Where data for alerts, digests, toggles and caches is read. */
export const ManifestSource = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("file"),
    path: path.check(
      z.meta({ description: "Path of the file, from the app's directory; at most 32 MiB." }),
    ),
    format: z
      .optional(z.enum(["json", "csv"]))
      .check(
        z.meta({ description: "Its format; what its name ends with, else json, without it." }),
      ),
  }),
  z.strictObject({
    kind: z.literal("sql"),
    urlEnv: z
      .optional(EnvName)
      .check(z.meta({ description: "Variable with the URL of a Postgres." })),
    path: z
      .optional(path)
      .check(z.meta({ description: "Path of a SQLite file, instead of a Postgres." })),
    query,
  }),
  z.strictObject({
    kind: z.literal("http"),
    url: z
      .optional(z.string())
      .check(z.meta({ description: "URL that answers GET with JSON: a list of objects, or one." })),
    urlEnv: z
      .optional(EnvName)
      .check(z.meta({ description: "Variable with the URL, instead of the URL itself." })),
    tokenEnv: z
      .optional(EnvName)
      .check(z.meta({ description: "Variable with a token, sent as `Authorization: Bearer`." })),
  }),
  z.strictObject({
    kind: z.literal("sheet"),
    sheetEnv: EnvName.check(z.meta({ description: "Variable with the id of the Google Sheet." })),
    range: z.string().check(
      z.meta({
        description: "Tab and cells in A1 notation; the first row names the columns.",
        examples: ["FeatureToggles!A:B"],
      }),
    ),
    credentialsEnv: EnvName.check(
      z.meta({ description: "Variable with the JSON of a service account that may read it." }),
    ),
    baseUrlEnv: z
      .optional(EnvName)
      .check(z.meta({ description: "Variable with a base URL; Google's where it is not set." })),
  }),
]);

export type ManifestSource = z.infer<typeof ManifestSource>;

import { z } from "zod";
import { DataSourceSpec } from "./data-source.ts";
import { PostgresAddress, RedisAddress } from "./reference.ts";
import { Duration, EnvName, FilePath } from "./scalar.ts";

const OnOrOff = z.enum(["on", "off"]);

const answers = {
  whenMissing: OnOrOff.optional().meta({
    description: "State when no value is set. Default: off.",
    examples: ["on"],
  }),
  whenUnreachable: OnOrOff.optional().meta({
    description: "State when the source cannot be read. Default: off.",
    examples: ["off"],
  }),
  ttl: Duration.optional().meta({
    description: "How long a value is cached. Default: 30s.",
    examples: ["60s"],
  }),
};

const query = z
  .string()
  .min(1)
  .meta({
    description: "A query whose first column of the first row is the value.",
    examples: ["select enabled from flags where name = 'digest'"],
  });

/** A switch that an operator changes while the system runs. */
export const ToggleSpec = z
  .union([
    z
      .strictObject({
        marker: FilePath.meta({
          description: "File whose presence turns the toggle off.",
          examples: ["tools/.digest_disabled"],
        }),
        ...answers,
      })
      .meta({ description: "A marker file." }),
    z
      .strictObject({
        env: EnvName.meta({ description: "The variable.", examples: ["FEATURE_DIGEST"] }),
        ...answers,
      })
      .meta({ description: "A variable of the process." }),
    z
      .strictObject({
        redis: RedisAddress.meta({
          description: "The store.",
          examples: [{ keyValue: "queue" }],
        }),
        key: z
          .string()
          .min(1)
          .meta({ description: "Key in the store.", examples: ["toggles:digest"] }),
        ...answers,
      })
      .meta({ description: "A key in Redis." }),
    z
      .strictObject({
        sql: PostgresAddress.meta({
          description: "The Postgres.",
          examples: [{ database: "main" }],
        }),
        query,
        ...answers,
      })
      .meta({ description: "A row of Postgres." }),
    z
      .strictObject({
        sqlite: FilePath.meta({ description: "The SQLite file.", examples: ["/data/app.db"] }),
        query,
        ...answers,
      })
      .meta({ description: "A row of a SQLite file." }),
    z
      .strictObject({
        table: DataSourceSpec.meta({
          description: "A table of keys and values.",
          examples: [{ file: "data/flags.csv" }],
        }),
        key: z
          .string()
          .min(1)
          .meta({
            description: "Key in the table, compared case-insensitively.",
            examples: ["recruitment_reports"],
          }),
        keyColumn: z
          .string()
          .min(1)
          .optional()
          .meta({ description: "Name of the column of keys.", examples: ["feature_name"] }),
        valueColumn: z
          .string()
          .min(1)
          .optional()
          .meta({ description: "Name of the column of values.", examples: ["enabled"] }),
        ...answers,
      })
      .meta({ description: "A row of a table: a sheet, a file, a query or an answer." }),
  ])
  .meta({
    id: "toggle",
    description: "A switch that an operator changes while the system runs.",
    examples: [{ env: "FEATURE_DIGEST", whenMissing: "on" }],
  });

/** Named data that is refreshed in the background: a stale value is better than none. */
export const CacheSpec = z
  .strictObject({
    source: DataSourceSpec,
    ttl: Duration.meta({ description: "Maximum age; older data is refreshed.", examples: ["3h"] }),
    retry: Duration.optional().meta({
      description: "Wait between the two attempts of a refresh. Default: 300s.",
      examples: ["300s"],
    }),
  })
  .meta({
    id: "cache",
    description: "Named data that the runtime refreshes in the background.",
    examples: [{ source: { file: "data/clans.json" }, ttl: "3h" }],
  });

export type ToggleSpec = z.infer<typeof ToggleSpec>;
export type CacheSpec = z.infer<typeof CacheSpec>;

import { z } from "zod";
import { HiddenValue, PostgresAddress } from "./reference.ts";
import { FilePath, HttpsUrl } from "./scalar.ts";

const query = z
  .string()
  .min(1)
  .meta({
    description: "SQL query. Each row of the result is one row of data.",
    examples: ["select key, value from toggles"],
  });

/** Where rows of data are read: a file, a database, an address or a Google Sheet. */
export const DataSourceSpec = z
  .union([
    z
      .strictObject({
        file: FilePath.meta({ description: "Path of the file.", examples: ["data/flags.csv"] }),
        format: z
          .enum(["json", "csv"])
          .optional()
          .meta({
            description: "File format. Default: that of the file extension.",
            examples: ["csv"],
          }),
      })
      .meta({ description: "A file." }),
    z
      .strictObject({
        sql: PostgresAddress.meta({
          description: "Postgres database.",
          examples: [{ database: "main" }],
        }),
        query,
      })
      .meta({ description: "A query of Postgres." }),
    z
      .strictObject({
        sqlite: FilePath.meta({ description: "The SQLite file.", examples: ["/data/app.db"] }),
        query,
      })
      .meta({ description: "A query of a SQLite file." }),
    z
      .strictObject({
        http: z
          .union([HttpsUrl, HiddenValue])
          .meta({ description: "URL.", examples: ["https://example.com/flags.json"] }),
        token: HiddenValue.optional().meta({
          description: "Sent as Authorization: Bearer.",
          examples: [{ secret: "FLAGS_TOKEN" }],
        }),
      })
      .meta({ description: "A JSON answer." }),
    z
      .strictObject({
        sheet: HiddenValue.meta({
          description: "Id of the Google Sheet.",
          examples: [{ secret: "SHEET_ID" }],
        }),
        range: z
          .string()
          .min(1)
          .meta({ description: "Sheet and cell range.", examples: ["FeatureToggles!A:B"] }),
        credentials: HiddenValue.meta({
          description: "Service account key as JSON.",
          examples: [{ secret: "GSPREAD_CREDENTIALS" }],
        }),
        baseUrl: HiddenValue.optional().meta({
          description: "Base URL of the API, instead of Google's.",
          examples: [{ env: "SHEETS_BASE_URL" }],
        }),
      })
      .meta({ description: "Cells of a Google Sheet; its first row names the columns." }),
  ])
  .meta({
    id: "dataSource",
    description: "Where rows of data are read.",
    examples: [{ file: "data/flags.csv" }, { sql: { database: "main" }, query: "select 1" }],
  });

export type DataSourceSpec = z.infer<typeof DataSourceSpec>;

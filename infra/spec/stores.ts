import { z } from "zod";
import { DatabaseRef, KeyValueRef } from "./reference.ts";
import { FilePath, Key } from "./scalar.ts";

const keep = z
  .int()
  .min(1)
  .optional()
  .meta({
    description: "Maximum number of run records per job. Default: 500.",
    examples: [500],
  });

const SqliteStore = z
  .strictObject({
    sqlite: FilePath.meta({
      description: "The file. It must be on a local disk.",
      examples: ["/data/state.db"],
    }),
  })
  .meta({ description: "A SQLite file on the disk of the one instance." });

/** The state store that the processes of a stack share. */
export const StackStoresSpec = z
  .strictObject({
    records: DatabaseRef.optional().meta({
      description: "Run records, documents and the state of alerts.",
      examples: [{ database: "main" }],
    }),
    keep,
    coordination: z
      .union([DatabaseRef, KeyValueRef])
      .optional()
      .meta({
        description: "Leases: where several processes agree which of them runs a slot.",
        examples: [{ keyValue: "queue" }],
      }),
  })
  .meta({
    id: "stackStores",
    description:
      "The state store of all processes. Without it, a service with a disk has a SQLite file on the disk.",
    examples: [{ records: { database: "main" }, coordination: { database: "main" } }],
  });

/** The state store of one service, instead of the stack's. */
export const ServiceStoresSpec = z
  .strictObject({
    records: z
      .union([SqliteStore, DatabaseRef])
      .optional()
      .meta({
        description: "Run records, documents and the state of alerts.",
        examples: [{ sqlite: "/data/state.db" }],
      }),
    keep,
    coordination: z
      .union([SqliteStore, DatabaseRef, KeyValueRef])
      .optional()
      .meta({
        description: "Leases: where several processes agree which of them runs a slot.",
        examples: [{ keyValue: "queue" }],
      }),
    history: z
      .strictObject({
        file: FilePath.meta({ description: "The file.", examples: ["logs/vega_jobs.jsonl"] }),
        names: z
          .record(Key, z.string().min(1))
          .optional()
          .meta({
            description: "Name of a job in the file, by the job's key.",
            examples: [{ "alerts-flush": "alerts_flush" }],
          }),
      })
      .optional()
      .meta({
        description: "A file of the app with one line per run: {ts, job, status, details}.",
        examples: [{ file: "logs/vega_jobs.jsonl" }],
      }),
  })
  .meta({
    id: "serviceStores",
    description: "The state store of the service, instead of the stack's.",
    examples: [{ records: { sqlite: "/data/state.db" } }],
  });

export type StackStoresSpec = z.infer<typeof StackStoresSpec>;
export type ServiceStoresSpec = z.infer<typeof ServiceStoresSpec>;

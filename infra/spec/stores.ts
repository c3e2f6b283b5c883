import { z } from "zod";
import { DatabaseRef, KeyValueRef } from "./reference.ts";
import { FilePath, Key } from "./scalar.ts";

const keep = z
  .int()
  .min(1)
  .optional()
  .meta({
    description: "Most records of one job; 500 when it is not given.",
    examples: [500],
  });

const shared = z.union([DatabaseRef, KeyValueRef]);

/** Where every process of a stack keeps records of runs, and where they agree who runs what. */
export const StackStoresSpec = z
  .strictObject({
    records: shared
      .optional()
      .meta({ description: "Records of runs.", examples: [{ database: "main" }] }),
    keep,
    coordination: shared.optional().meta({
      description: "Where several processes agree which of them runs a slot.",
      examples: [{ keyValue: "queue" }],
    }),
  })
  .meta({
    id: "stackStores",
    description:
      "What all processes remember, and where. Without it a service with a disk uses its disk.",
    examples: [{ records: { database: "main" }, coordination: { database: "main" } }],
  });

/** What one service remembers, and where, instead of what the stack says. */
export const ServiceStoresSpec = z
  .strictObject({
    records: z
      .union([
        z
          .strictObject({
            file: FilePath.meta({ description: "A file of lines.", examples: ["logs/runs.jsonl"] }),
          })
          .meta({ description: "A file with one JSON object a line." }),
        z
          .strictObject({
            sqlite: FilePath.meta({ description: "The file.", examples: ["/data/runs.db"] }),
          })
          .meta({ description: "A SQLite file." }),
        DatabaseRef,
        KeyValueRef,
      ])
      .optional()
      .meta({ description: "Records of runs.", examples: [{ file: "logs/runs.jsonl" }] }),
    keep,
    coordination: z
      .union([
        z
          .strictObject({
            directory: FilePath.meta({ description: "The directory.", examples: ["/data/locks"] }),
          })
          .meta({ description: "A directory on the disk of the one instance." }),
        DatabaseRef,
        KeyValueRef,
      ])
      .optional()
      .meta({
        description: "Where several processes agree which of them runs a slot.",
        examples: [{ keyValue: "queue" }],
      }),
    history: z
      .strictObject({
        file: FilePath.meta({ description: "The file.", examples: ["logs/vega_jobs.jsonl"] }),
        names: z
          .record(Key, z.string().min(1))
          .optional()
          .meta({
            description: "The file's name of a job, by its key.",
            examples: [{ "alerts-flush": "alerts_flush" }],
          }),
      })
      .optional()
      .meta({
        description: "A file of the app's own with one line a run: {ts, job, status, details}.",
        examples: [{ file: "logs/vega_jobs.jsonl" }],
      }),
  })
  .meta({
    id: "serviceStores",
    description: "What the service remembers, and where, instead of what the stack says.",
    examples: [{ records: { file: "logs/runs.jsonl" } }],
  });

export type StackStoresSpec = z.infer<typeof StackStoresSpec>;
export type ServiceStoresSpec = z.infer<typeof ServiceStoresSpec>;

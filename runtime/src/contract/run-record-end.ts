import * as z from "zod/mini";
import { RUN_STATUSES } from "./run-record.ts";

/** What the record of a run has beside its start, as it is read from a file or from another process. */
export const runRecordEnd = {
  status: z.enum(RUN_STATUSES),
  durationMs: z.number(),
  attempt: z.number(),
  exitCode: z.nullable(z.number()),
  error: z.nullable(z.string()),
  details: z.record(z.string(), z.unknown()),
};

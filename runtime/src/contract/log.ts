import * as z from "zod/mini";

/** How log lines are written. */
export const ManifestLog = z.strictObject({
  level: z.optional(z.enum(["debug", "info", "warn", "error"])),
  /** Field with the id that ties the lines of one request or run together; `trace` without it. */
  traceField: z.optional(z.string()),
});

export type ManifestLog = z.infer<typeof ManifestLog>;

import * as z from "zod/mini";
import { type CatalogJob, urlOptions } from "../job.ts";

/** Range of HTTP statuses. @see RFC 9110, 15 */
const STATUS = { min: 100, max: 599 };

/** The job `http`. */
export const httpJob = {
  description: "Calls a URL once and checks the status of the response.",
  get options() {
    return z.strictObject({
      ...urlOptions(),
      method: z.optional(z.enum(["GET", "POST", "PUT", "DELETE"])),
      status: z.optional(z.int().check(z.minimum(STATUS.min), z.maximum(STATUS.max))),
    });
  },
} as const satisfies CatalogJob;

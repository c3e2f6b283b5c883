import { z } from "zod";

/** The consent for resources that hold data. */
export const AllowDataLoss = z
  .boolean()
  .optional()
  .meta({
    description:
      "Allow data loss: a change may replace the resource or remove its disk, and the resource may be deleted when it is removed from the spec. Remove this key afterwards.",
    examples: [true],
  });

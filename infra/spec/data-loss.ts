import { z } from "zod";

/** The consent of what keeps data. */
export const AllowDataLoss = z
  .boolean()
  .optional()
  .meta({
    description:
      "Consent that a change which replaces it, or takes its disk away, deletes its data. Take it out again afterwards.",
    examples: [true],
  });

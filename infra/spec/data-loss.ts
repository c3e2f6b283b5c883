import { z } from "zod";

/** The consent of what keeps data. */
export const AllowDataLoss = z
  .boolean()
  .optional()
  .meta({
    description:
      "Consent that a change which replaces it, or takes its disk away, deletes its data; also that it may be deleted once it leaves the spec. Take it out again afterwards.",
    examples: [true],
  });

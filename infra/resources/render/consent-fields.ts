import { z } from "zod";
import { field } from "../contract.ts";

/** Consents that only this program reads: Render is never told, and a change of them changes nothing. */
export const adoptField = {
  adopt: field(z.boolean().optional(), {
    description:
      "Take over one of this name that exists already, instead of refusing because somebody else may have made it.",
    uncompared: true,
  }),
};

/** The consent of what keeps data. */
export const dataLossField = {
  allowDataLoss: field(z.boolean().optional(), {
    description:
      "Consent that a replacement or deletion, or a disk that is taken away, loses the data.",
    uncompared: true,
  }),
};

import { z } from "zod";
import { field } from "../contract.ts";

/**
 * Consents that only this program reads; they are never sent to Render, and a change has no effect.
 */
export const adoptField = {
  adopt: field(z.boolean().optional(), {
    description:
      "Adopts an existing resource of this name, instead of refusing because it is unmanaged.",
    uncompared: true,
  }),
};

/** The consent for resources that hold data. */
export const dataLossField = {
  allowDataLoss: field(z.boolean().optional(), {
    description: "Consent to lose the data of a replaced or deleted resource or a removed disk.",
    uncompared: true,
  }),
};

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

/** The consent for resources that hold data. Such a resource is protected in state without it. */
export const dataLossField = {
  protectedBySpec: field(z.boolean().optional(), {
    description:
      "The spec itself protects the resource, so that a consent to lose data does not lift the protection.",
    uncompared: true,
  }),
  allowDataLoss: field(z.boolean().optional(), {
    description: "Consent to lose the data of a replaced or deleted resource or a removed disk.",
    uncompared: true,
  }),
};

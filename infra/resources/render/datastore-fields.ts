import { z } from "zod";
import { field } from "../contract.ts";
import { adoptField, dataLossField } from "./consent-fields.ts";
import { allowListField, environmentField, ownerField } from "./workspace-fields.ts";

/** The common inputs of Postgres and Key Value instances. */
export const datastoreFields = {
  name: field(z.string().min(1), { description: "Name in the workspace." }),
  ...ownerField,
  region: field(z.string(), {
    description: "Region, for example `oregon`.",
    replaces: "Render cannot move a datastore to another region",
  }),
  plan: field(z.string(), {
    description: "Instance type, for example `basic_256mb`. Always sent.",
  }),
  ...environmentField,
  ...allowListField,
  ...adoptField,
  ...dataLossField,
};

/** The common outputs: addresses. */
export const datastoreOutputs = {
  internalUrl: field(z.string(), {
    description: "Internal connection string.",
    secret: true,
  }),
  externalUrl: field(z.string(), {
    description: "External connection string, over TLS.",
    secret: true,
  }),
  dashboardUrl: field(z.string(), { description: "Page in Render's dashboard." }),
};

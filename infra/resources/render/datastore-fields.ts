import { z } from "zod";
import { field } from "../contract.ts";
import { adoptField, dataLossField } from "./consent-fields.ts";
import { allowListField, environmentField, ownerField } from "./workspace-fields.ts";

/** Inputs that Postgres and Key Value share. */
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

/** Addresses of both kinds of datastore. */
export const datastoreOutputs = {
  internalUrl: field(z.string(), {
    description: "Connection string inside the private network.",
    secret: true,
  }),
  externalUrl: field(z.string(), {
    description: "Connection string from outside, over TLS.",
    secret: true,
  }),
  dashboardUrl: field(z.string(), { description: "Page in Render's dashboard." }),
};

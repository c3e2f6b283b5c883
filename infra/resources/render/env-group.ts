import { z } from "zod";
import { field, type ResourceContract } from "../contract.ts";
import { adoptField } from "./consent-fields.ts";
import { environmentField, ownerField } from "./workspace-fields.ts";

/**
 * An env group: variables and files shared by several services. The services own their links to it.
 */
export const EnvGroup = {
  token: "render:index:EnvGroup",
  description: "A Render env group with its variables and secret files.",
  deleteBeforeReplace: true,
  inputs: z.strictObject({
    name: field(z.string().min(1), { description: "Name in the workspace." }),
    ...ownerField,
    ...environmentField,
    ...adoptField,
    env: field(z.record(z.string(), z.string()).optional(), {
      description: "The managed variables. Others in the group are not changed.",
      secretOnImport: true,
    }),
    secretFiles: field(z.record(z.string(), z.string()).optional(), {
      description: "The managed secret files, content by name.",
      secretOnImport: true,
    }),
  }),
  outputs: z.strictObject({
    contentHash: field(z.string(), {
      description:
        "A hash of the managed variables and files, for `groupHashes` of the linked services. Secret, because a short value could be guessed from it.",
      secret: true,
      volatile: true,
    }),
  }),
} as const satisfies ResourceContract;

import { z } from "zod";
import { field, type ResourceContract } from "../contract.ts";
import { adoptField } from "./consent-fields.ts";
import { environmentField, ownerField } from "./workspace-fields.ts";

/** An env group: variables and files that several services share. The services own their links to it. */
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
      description: "Variables that this program owns. Others in the group are left alone.",
      secretOnImport: true,
    }),
    secretFiles: field(z.record(z.string(), z.string()).optional(), {
      description: "Secret files that this program owns, content by name.",
      secretOnImport: true,
    }),
  }),
  outputs: z.strictObject({
    contentHash: field(z.string(), {
      description:
        "A hash of the variables and files that this program owns: another content is another text. Meant for `groupHashes` of the services that are linked. Secret, because a short value could be guessed from it.",
      secret: true,
      volatile: true,
    }),
  }),
} as const satisfies ResourceContract;

import { z } from "zod";
import { field, type ResourceContract } from "../contract.ts";
import { adoptField } from "./consent-fields.ts";
import { ownerField } from "./workspace-fields.ts";

/** A registry credential, with which Render pulls private images. */
export const RegistryCredential = {
  token: "render:index:RegistryCredential",
  description: "A Render registry credential.",
  deleteBeforeReplace: true,
  inputs: z.strictObject({
    name: field(z.string().min(1), { description: "Name in the workspace." }),
    ...ownerField,
    registry: field(z.enum(["GITHUB", "GITLAB", "DOCKER", "GOOGLE_ARTIFACT", "AWS_ECR"]), {
      description: "Kind of registry.",
    }),
    username: field(z.string().min(1), { description: "The account." }),
    authToken: field(z.string().min(1), {
      description: "Its token. Render never returns it, so it is compared with the one set last.",
      secret: true,
      unread: true,
      setOnImport: true,
    }),
    ...adoptField,
  }),
  outputs: z.strictObject({}),
} as const satisfies ResourceContract;

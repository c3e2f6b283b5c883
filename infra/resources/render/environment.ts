import { z } from "zod";
import { field, type ResourceContract } from "../contract.ts";
import { adoptField } from "./consent-fields.ts";
import { allowListField } from "./workspace-fields.ts";

/** An environment of a project. Its members refer to it by `environmentId`. */
export const Environment = {
  token: "render:index:Environment",
  description: "An environment of a Render project.",
  deleteBeforeReplace: true,
  inputs: z.strictObject({
    name: field(z.string().min(1), { description: "Name in the project." }),
    projectId: field(z.string().regex(/^prj-/, "should be a project id such as prj-…"), {
      description: "The project of the environment.",
      replaces: "Render cannot move an environment to another project",
    }),
    networkIsolation: field(z.boolean().optional(), {
      description: "Services of other environments cannot reach its members.",
    }),
    protected: field(z.boolean().optional(), {
      description: "Only admins of the workspace may change its members.",
    }),
    ...allowListField,
    ...adoptField,
  }),
  outputs: z.strictObject({}),
} as const satisfies ResourceContract;

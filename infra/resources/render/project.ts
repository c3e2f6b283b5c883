import { z } from "zod";
import { field, type ResourceContract } from "../contract.ts";
import { adoptField } from "./consent-fields.ts";
import { ownerField } from "./workspace-fields.ts";

/** A project: a named group of environments. */
export const Project = {
  token: "render:index:Project",
  description: "A Render project.",
  deleteBeforeReplace: true,
  inputs: z.strictObject({
    name: field(z.string().min(1), { description: "Name in the workspace." }),
    ...ownerField,
    ...adoptField,
    firstEnvironment: field(z.string().min(1), {
      description:
        "Name of the first environment; Render creates no project without one. The Environment of that name adopts it.",
      uncompared: true,
    }),
    existing: field(z.boolean().optional(), {
      description:
        "Another stack created it. It is found by its name and never changed or deleted here.",
      uncompared: true,
    }),
  }),
  outputs: z.strictObject({}),
} as const satisfies ResourceContract;

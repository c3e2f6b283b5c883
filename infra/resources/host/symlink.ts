import { z } from "zod";
import { field, type ResourceContract } from "../contract.ts";
import { adoptField, pathField } from "./fields.ts";

/** A symbolic link. */
export const Symlink = {
  token: "host:index:Symlink",
  description: "A symbolic link of the host, replaced atomically.",
  inputs: z.strictObject({
    ...pathField,
    ...adoptField,
    target: field(z.string().min(1), { description: "Target of the link." }),
  }),
  outputs: z.strictObject({}),
} as const satisfies ResourceContract;

import { z } from "zod";
import { field, type ResourceContract } from "../contract.ts";
import { accessFields, adoptField, pathField } from "./fields.ts";

/** A regular file with its whole content. */
export const File = {
  token: "host:index:File",
  description: "A file of the host. It is replaced atomically, so readers never see a part of it.",
  inputs: z.strictObject({
    ...pathField,
    ...accessFields,
    ...adoptField,
    content: field(z.string(), { description: "The whole content.", secretOnImport: true }),
  }),
  outputs: z.strictObject({}),
} as const satisfies ResourceContract;

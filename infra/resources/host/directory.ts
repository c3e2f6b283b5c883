import { z } from "zod";
import type { ResourceContract } from "../contract.ts";
import { accessFields, pathField } from "./fields.ts";

/** A directory. Missing parents are created with the same owner and mode. */
export const Directory = {
  token: "host:index:Directory",
  description: "A directory of the host. A delete leaves it if it is not empty.",
  inputs: z.strictObject({ ...pathField, ...accessFields }),
  outputs: z.strictObject({}),
} as const satisfies ResourceContract;

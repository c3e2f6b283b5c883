import { z } from "zod";
import { field, type ResourceContract } from "../contract.ts";
import { datastoreFields, datastoreOutputs } from "./datastore-fields.ts";

/** A Key Value store (Valkey), waited for until it is available. */
export const KeyValue = {
  token: "render:index:KeyValue",
  description: "A Render Key Value store.",
  deleteBeforeReplace: true,
  holds: ({ plan, persistenceMode }) =>
    plan === "free" || persistenceMode === "off" ? undefined : "everything that the store holds",
  inputs: z.strictObject({
    ...datastoreFields,
    maxmemoryPolicy: field(z.string().optional(), {
      description: "What is evicted when the memory is full, for example `noeviction`.",
    }),
    persistenceMode: field(z.enum(["off", "snapshot", "journal_snapshot"]).optional(), {
      description: "What outlives a restart. The free plan has `off` only.",
    }),
  }),
  outputs: z.strictObject(datastoreOutputs),
} as const satisfies ResourceContract;

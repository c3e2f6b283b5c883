import { z } from "zod";
import { field, type ResourceContract } from "../contract.ts";
import { datastoreFields, datastoreOutputs } from "./datastore-fields.ts";

/** A Key Value instance (Valkey). A create waits until it is available. */
export const KeyValue = {
  token: "render:index:KeyValue",
  description: "A Render Key Value instance.",
  deleteBeforeReplace: true,
  holds: ({ plan, persistenceMode }) =>
    plan === "free" || persistenceMode === "off" ? undefined : "all its data",
  inputs: z.strictObject({
    ...datastoreFields,
    maxmemoryPolicy: field(z.string().optional(), {
      description: "The eviction policy when the memory is full, for example `noeviction`.",
    }),
    persistenceMode: field(z.enum(["off", "snapshot", "journal_snapshot"]).optional(), {
      description: "The persistence mode. The free plan has only `off`.",
    }),
  }),
  outputs: z.strictObject(datastoreOutputs),
} as const satisfies ResourceContract;

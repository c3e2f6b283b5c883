import { KeyValue } from "../../resources/render/key-value.ts";
import type { JsonObject } from "./answer.ts";
import type { BodyFields } from "./body-fields.ts";
import { DATASTORE_FIELDS, connectionOf, connectionOutputs, untilAvailable } from "./datastore.ts";
import { recordType } from "./record.ts";

/** The fields of a Key Value instance. */
export const KEY_VALUE_FIELDS: BodyFields = {
  ...DATASTORE_FIELDS,
  maxmemoryPolicy: { write: ["maxmemoryPolicy"], read: ["options", "maxmemoryPolicy"] },
  persistenceMode: { write: ["persistenceMode"], read: ["options", "persistenceMode"] },
};

/**
 * A Key Value instance. Addresses and password never change, so a read does not request them again.
 */
export const keyValue = recordType({
  contract: KeyValue,
  noun: "Key Value store",
  path: "/key-value",
  listNoun: "keyValue",
  scope: "ownerId",
  fields: KEY_VALUE_FIELDS,
  settle: (id, call) => untilAvailable(`/key-value/${id}`, call),
  outputs: async ({ id, known, isRead }, call) =>
    isRead && "internalUrl" in known.outputs
      ? (known.outputs as JsonObject)
      : connectionOutputs(await connectionOf(`/key-value/${id}`, call)),
});

import { Postgres } from "../../resources/render/postgres.ts";
import { type Json, type JsonObject, memberAt, textOf } from "./answer.ts";
import { type BodyFields, itemsOf } from "./body-fields.ts";
import { DATASTORE_FIELDS, connectionOf, connectionOutputs, untilAvailable } from "./datastore.ts";
import { recordType } from "./record.ts";
import type { ObservedRecord } from "./record-kind.ts";

/** The default port of Postgres. */
const PORT = "5432";

/** The fields of a database. */
export const POSTGRES_FIELDS: BodyFields = {
  ...DATASTORE_FIELDS,
  version: { write: ["version"], createOnly: true },
  databaseName: { write: ["databaseName"], createOnly: true },
  databaseUser: { write: ["databaseUser"], createOnly: true },
  diskSizeGb: { write: ["diskSizeGB"] },
  diskAutoscaling: {
    write: ["enableDiskAutoscaling"],
    read: ["diskAutoscalingEnabled"],
    cleared: false,
  },
  highAvailability: {
    write: ["enableHighAvailability"],
    read: ["highAvailabilityEnabled"],
    cleared: false,
  },
  readReplicas: {
    write: ["readReplicas"],
    toApi: (names) => itemsOf(names).map((name) => ({ name })),
    fromApi: (replicas) => itemsOf(replicas).map((it) => memberAt(it, ["name"]) ?? null),
    cleared: [],
  },
};

/**
 * A Postgres database. Addresses and password never change, so a read does not request them again.
 */
export const postgres = recordType({
  contract: Postgres,
  noun: "Postgres database",
  path: "/postgres",
  listNoun: "postgres",
  scope: "ownerId",
  fields: POSTGRES_FIELDS,
  observe: async (observed) => comparable(observed),
  settle: (id, call) => untilAvailable(`/postgres/${id}`, call),
  outputs: async ({ id, known, isRead }, call) => {
    if (isRead && "password" in known.outputs) return known.outputs as JsonObject;
    const connection = await connectionOf(`/postgres/${id}`, call);
    return {
      ...connectionOutputs(connection),
      // The internal host is the id.
      host: id,
      port: PORT,
      user: said(connection.record, "databaseUser"),
      password: said(connection.info, "password"),
      database: said(connection.record, "databaseName"),
    };
  },
});

/** Growth by disk autoscaling is not drift. */
function comparable({ inputs, known }: ObservedRecord): JsonObject {
  const { diskSizeGb } = known.inputs as JsonObject;
  const hasGrown =
    inputs["diskAutoscaling"] === true && Number(inputs["diskSizeGb"]) > Number(diskSizeGb);
  return hasGrown ? { ...inputs, diskSizeGb } : inputs;
}

function said(from: Json, key: string): string {
  return textOf(memberAt(from, [key]), key);
}

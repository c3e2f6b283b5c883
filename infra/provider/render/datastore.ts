import { type Json, memberAt, textOf } from "./answer.ts";
import { ALLOW_LIST, type BodyFields } from "./body-fields.ts";
import type { RenderCall } from "./service-place.ts";

/** Fields of both kinds of datastore. */
export const DATASTORE_FIELDS: BodyFields = {
  name: { write: ["name"] },
  ownerId: { write: ["ownerId"], read: ["owner", "id"], createOnly: true },
  region: { write: ["region"], createOnly: true },
  plan: { write: ["plan"] },
  environmentId: { write: ["environmentId"], createOnly: true },
  ipAllowList: ALLOW_LIST,
};

/** How to connect to it, and the record of it. */
export interface Connection {
  readonly record: Json;
  readonly info: Json;
}

/** Asks for both. */
export async function connectionOf(
  path: string,
  { client, signal }: RenderCall,
): Promise<Connection> {
  const ask = async (at: string): Promise<Json> =>
    (await client.request({ method: "GET", path: at, doing: `read ${at}`, signal })).body;
  const [record, info] = await Promise.all([ask(path), ask(`${path}/connection-info`)]);
  return { record, info };
}

/** Outputs of both kinds. */
export function connectionOutputs({ record, info }: Connection) {
  const said = (key: string): string => textOf(memberAt(info, [key]), key);
  return {
    internalUrl: said("internalConnectionString"),
    externalUrl: said("externalConnectionString"),
    dashboardUrl: textOf(memberAt(record, ["dashboardUrl"]), "dashboardUrl"),
  };
}

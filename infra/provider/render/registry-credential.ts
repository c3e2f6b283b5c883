import { RegistryCredential } from "../../resources/render/registry-credential.ts";
import { type Json, memberAt, textOf } from "./answer.ts";
import { recordType } from "./record.ts";
import type { RenderCall } from "./service-place.ts";
import type { RecordKind } from "./record-kind.ts";

const PATH = "/registrycredentials";

const KIND: RecordKind = {
  contract: RegistryCredential,
  noun: "registry credential",
  path: PATH,
  scope: "ownerId",
  fields: {
    name: { write: ["name"] },
    ownerId: { write: ["ownerId"], createOnly: true, isReadApart: true },
    registry: { write: ["registry"] },
    username: { write: ["username"] },
    authToken: { write: ["authToken"], isReadApart: true },
  },
  // Render requires all four fields in a PATCH, including the token.
  patchesAll: true,
  observe: async ({ record, inputs, known }, call) => ({
    ...inputs,
    ownerId: (known.inputs["ownerId"] as Json | undefined) ?? (await ownerOf(record, call)),
  }),
  outputs: async () => ({}),
};

/** A registry credential. */
export const registryCredential = recordType(KIND);

/** Render does not return its owner, so an import searches the workspaces. */
async function ownerOf(record: Json, { client, signal }: RenderCall): Promise<string> {
  const id = textOf(memberAt(record, ["id"]), "id");
  for (const owner of await client.list("/owners", "owner", signal)) {
    const ownerId = textOf(memberAt(owner, ["id"]), "id");
    const credentials = await client.list(`${PATH}?ownerId=${ownerId}`, undefined, signal);
    if (credentials.some((it) => memberAt(it, ["id"]) === id)) return ownerId;
  }
  throw new Error(
    `registry credential ${id}: no workspace of this API key contains it. Import it with an API key of its workspace.`,
  );
}

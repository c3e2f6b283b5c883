import { diff } from "../kit/diff.ts";
import type { Wanted } from "../kit/plugin.ts";
import type { TreeObject } from "../kit/property-tree.ts";
import type { Json, JsonObject } from "./answer.ts";
import { bodyOf, clearingOf, defined, inputsOf, isPatchable } from "./body-fields.ts";
import { completedBody, registryCredentialOf } from "./service-fields.ts";
import type { ExistingService, ServiceContract, ServiceKind } from "./service-place.ts";

/** The inputs of the contract that the service's own answer says. */
export function observedBody({ contract, fields }: ServiceKind, service: Json): JsonObject {
  const all = {
    ...inputsOf(fields, service),
    registryCredentialId: registryCredentialOf(service),
  };
  const own = Object.entries(all).filter(([key]) => key in contract.inputs.shape);
  return defined(Object.fromEntries(own));
}

/** Sends what differs from what is there, and clears what is no longer declared. */
export async function patchService(
  { kind, id, call }: ExistingService,
  { inputs, known }: Pick<Wanted<ServiceContract>, "inputs" | "known">,
  service: Json,
): Promise<void> {
  const { contract, fields } = kind;
  const observed = observedBody(kind, service);
  const wanted = defined(
    Object.fromEntries(Object.entries(inputs).filter(([key]) => isPatchable(fields, key))),
  );
  const dropped = Object.keys(known.inputs).filter(
    (key) => wanted[key] === undefined && observed[key] !== undefined,
  );
  const there = Object.fromEntries(Object.keys(wanted).map((key) => [key, observed[key]]));
  const isSame = diff(contract, defined(there) as TreeObject, wanted as TreeObject).length === 0;
  const clearing = clearingOf(fields, dropped);
  if (isSame && Object.keys(clearing).length === 0) return;
  await call.client.request({
    method: "PATCH",
    path: `/services/${id}`,
    body: completedBody(bodyOf(fields, wanted, { purpose: "patch", base: clearing }), inputs),
    doing: `change service "${inputs.name}"`,
    signal: call.signal,
  });
}

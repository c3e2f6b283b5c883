import { parseUrn } from "../../infra/resources/urn.ts";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { CONSENT_VARIABLE, Consents } from "../../infra/provider/kit/consent.ts";
import { RENDER_TYPES } from "../../infra/provider/render/resource-types.ts";

/**
 * Runs one operation with the consent to delete this stack's data. Only this operation's plugins
 * get it.
 */
export async function consentingToDataLoss<T>(stack: Stack, run: () => Promise<T>): Promise<T> {
  const { envVars } = stack.workspace;
  envVars[CONSENT_VARIABLE] = shortName(stack);
  try {
    return await run();
  } finally {
    delete envVars[CONSENT_VARIABLE];
  }
}

/**
 * The resources whose data a destroy would delete without consent: `web (WebService): the disk's
 * data`.
 *
 * The list comes from the state; the plugin checks again before it deletes.
 */
export async function dataAtRisk(stack: Stack): Promise<string[]> {
  const { deployment } = await stack.exportStack();
  const { resources = [] } = deployment as { resources?: readonly StateResource[] };
  const consents = new Consents();
  return resources.flatMap(({ urn, type, inputs = {}, retainOnDelete }) => {
    const contract = RENDER_TYPES.find((it) => it.contract.token === type)?.contract;
    const lost = contract?.holds?.(inputs);
    if (lost === undefined || retainOnDelete || consents.covers(urn, inputs)) return [];
    return [`${parseUrn(urn).name} (${type.split(":").at(-1)}): ${lost}`];
  });
}

/** A resource of an exported state. */
interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly inputs?: Readonly<Record<string, never>>;
  readonly retainOnDelete?: boolean;
}

/** `<stack>` of `<organisation>/<project>/<stack>`, as in URNs. */
function shortName({ name }: Stack): string {
  return name.split("/").at(-1) ?? name;
}

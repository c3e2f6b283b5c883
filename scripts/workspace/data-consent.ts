import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { CONSENT_VARIABLE, Consents } from "../../infra/provider/kit/consent.ts";
import { RENDER_TYPES } from "../../infra/provider/render/resource-types.ts";
import { parseUrn } from "../../infra/resources/urn.ts";

/**
 * Runs one operation with the consent to delete this stack's data. Only this operation's plugins
 * get it.
 */
export async function consentingToDataLoss<T>(stack: Stack, run: () => Promise<T>): Promise<T> {
  const { envVars } = stack.workspace;
  envVars[CONSENT_VARIABLE] = shortName(stack);
  try {
    await liftProtection(stack, await resourcesOf(stack));
    return await run();
  } finally {
    delete envVars[CONSENT_VARIABLE];
  }
}

/** Lifts the protection of data for which this process's environment consents. */
export async function liftConsentedProtection(stack: Stack): Promise<void> {
  if (process.env[CONSENT_VARIABLE] !== shortName(stack)) return;
  await liftProtection(stack, await resourcesOf(stack));
}

/** What a resource with data loses when it is deleted, in words; `undefined` without data. */
export function heldBy({ type, inputs = {} }: StateResource): string | undefined {
  return contractOf(type)?.holds?.(inputs);
}

/** The contract of one of our resource types. */
export function contractOf(type: string) {
  return RENDER_TYPES.find(({ contract }) => contract.token === type)?.contract;
}

/**
 * The resources whose data a destroy would delete without consent: `web (WebService): the disk's
 * data`.
 *
 * The list comes from the state; the plugin checks again before it deletes.
 */
export async function dataAtRisk(stack: Stack): Promise<StateResource[]> {
  const consents = new Consents();
  return (await resourcesOf(stack)).filter(
    (it) => heldBy(it) !== undefined && !it.retainOnDelete && !isConsented(consents, it),
  );
}

/** Renders a resource at risk. */
export function renderAtRisk(resource: StateResource): string {
  const { urn, type } = resource;
  return `${parseUrn(urn).name} (${type.split(":").at(-1)}): ${heldBy(resource)}`;
}

/** Whether the deletion of this resource was consented to. */
export function isConsented(consents: Consents, { urn, inputs = {} }: StateResource): boolean {
  return consents.covers(urn, inputs as Parameters<Consents["covers"]>[1]);
}

/** A resource of an exported state. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly custom?: boolean;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly protect?: boolean;
  readonly retainOnDelete?: boolean;
}

/** The resources in the state. */
export async function resourcesOf(stack: Stack): Promise<readonly StateResource[]> {
  const { deployment } = await stack.exportStack();
  const { resources = [] } = deployment as { resources?: readonly StateResource[] };
  return resources;
}

/** A resource that the spec itself protects stays protected. */
async function liftProtection(stack: Stack, resources: readonly StateResource[]): Promise<void> {
  const lifted = resources.filter(
    (it) => it.protect && heldBy(it) !== undefined && it.inputs?.["protectedBySpec"] !== true,
  );
  if (lifted.length === 0) return;
  const { workDir, envVars, pulumiHome, pulumiCommand } = stack.workspace;
  const args = ["state", "unprotect", ...lifted.map((it) => it.urn)];
  await promisify(execFile)(
    pulumiCommand.command,
    [...args, "--yes", "--stack", stack.name, "--non-interactive"],
    {
      cwd: workDir,
      env: { ...process.env, ...envVars, ...(pulumiHome && { PULUMI_HOME: pulumiHome }) },
    },
  );
}

/** `<stack>` of `<organisation>/<project>/<stack>`, as in URNs. */
function shortName({ name }: Stack): string {
  return name.split("/").at(-1) ?? name;
}

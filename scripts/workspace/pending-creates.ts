import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { parseUrn } from "../../infra/resources/urn.ts";

/**
 * Removes the pending creates of a killed engine after a successful `up`.
 *
 * The engine notes a create before it starts, and warns about the note in every later
 * non-interactive run. The `up` found or created those resources, so notes of resources in the
 * state are removed. When the spec no longer has one of the noted resources, all notes stay,
 * because only a person can find what that create left behind.
 */
export async function clearPendingCreates(
  stack: Stack,
  log: (line: string) => void,
): Promise<void> {
  const { deployment } = await stack.exportStack();
  const { finished, unknown } = pendingCreates(deployment as Deployment);
  if (unknown.length > 0) return log(renderUnknown(stack.name, unknown));
  if (finished.length === 0) return;
  // The engine has one switch for all notes; `targets` limits the refresh to these resources.
  await stack.refresh({ clearPendingCreates: true, target: [...finished] });
  log(`Removed the notes of interrupted creates that this up completed: ${names(finished)}.`);
}

/** The pending operations of an exported state. */
interface Deployment {
  readonly resources?: readonly { readonly urn: string }[];
  readonly pending_operations?: readonly {
    readonly type: string;
    readonly resource: { readonly urn: string };
  }[];
}

/** URNs of interrupted creates, split by whether the resource is in the state. */
export function pendingCreates({ resources = [], pending_operations: pending = [] }: Deployment): {
  readonly finished: readonly string[];
  readonly unknown: readonly string[];
} {
  const known = new Set(resources.map((it) => it.urn));
  const urns = new Set(pending.filter((it) => it.type === "creating").map((it) => it.resource.urn));
  return {
    finished: [...urns].filter((it) => known.has(it)),
    unknown: [...urns].filter((it) => !known.has(it)),
  };
}

function renderUnknown(stackName: string, urns: readonly string[]): string {
  return (
    `${stackName}: an earlier run was killed while it created resources that the spec no longer has: ${names(urns)}. ` +
    `Find and delete them at the vendor, then run: pulumi refresh --clear-pending-creates --stack ${stackName}.`
  );
}

function names(urns: readonly string[]): string {
  return urns.map((urn) => parseUrn(urn).name).join(", ");
}

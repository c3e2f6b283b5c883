import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { nameOf } from "./step-words.ts";

/**
 * Clears the creates that an engine died in, after an `up` that has ended well.
 *
 * The engine notes a create before it begins and warns of the note in every later run that nobody
 * answers questions to. The `up` has found again what such a create made, or made it, so the note of
 * what is in the state by now tells nothing more. When something else has a note, all of them stay: the
 * spec no longer has it, and what it left behind can only be found by looking.
 */
export async function clearPendingCreates(
  stack: Stack,
  log: (line: string) => void,
): Promise<void> {
  const { deployment } = await stack.exportStack();
  const { finished, unknown } = pendingCreates(deployment as Deployment);
  if (unknown.length > 0) return log(renderUnknown(stack.name, unknown));
  if (finished.length === 0) return;
  // The engine has one switch for all of them; it looks at these resources once more and at no others.
  await stack.refresh({ clearPendingCreates: true, target: [...finished] });
  log(`Cleared the notes of interrupted creates, which this up has completed: ${names(finished)}.`);
}

/** What an exported state holds of them. */
interface Deployment {
  readonly resources?: readonly { readonly urn: string }[];
  readonly pending_operations?: readonly {
    readonly type: string;
    readonly resource: { readonly urn: string };
  }[];
}

/** URNs of interrupted creates: of what is in the state by now, and of what is not. */
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
    `${stackName}: an earlier run was killed while it made what the spec no longer has: ${names(urns)}. ` +
    `Look whether it is there and delete it, then run: pulumi refresh --clear-pending-creates --stack ${stackName}.`
  );
}

function names(urns: readonly string[]): string {
  return urns.map(nameOf).join(", ");
}

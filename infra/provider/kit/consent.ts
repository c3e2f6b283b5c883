import type { ResourceContract } from "../../resources/contract.ts";
import { parseUrn } from "../../resources/urn.ts";
import type { TreeObject } from "./property-tree.ts";

/** The environment variable that names the stack whose data this operation may delete. */
export const CONSENT_VARIABLE = "OPSPEC_ALLOW_DATA_LOSS";

/**
 * The consents of one operation to delete resources that hold data.
 *
 * Two guards need them. The program protects such a resource in state, because `pulumi destroy` runs
 * no program and deletes dependents first: when a plugin refuses, other resources are already gone.
 * The plugin checks the actual resource, because a disk may have been added elsewhere, and says
 * which data is lost. `allowDataLoss` in the spec lifts both in the same `up`, and `opspec destroy
 * --allow-data-loss` lifts the protection before it starts. The variable names a stack, so that a
 * variable left set in a shell does not apply to another stack.
 */
export class Consents {
  readonly #urns = new Set<string>();
  readonly #stack: string | undefined;

  constructor(stack: string | undefined = process.env[CONSENT_VARIABLE]) {
    this.#stack = stack;
  }

  /** Stores the program's inputs, because a replaced resource is deleted with its old ones. */
  note(urn: string, inputs: TreeObject): void {
    if (inputs["allowDataLoss"] === true) this.#urns.add(urn);
    else this.#urns.delete(urn);
  }

  /** Whether this resource may be deleted with its data. `inputs` are those of the state. */
  covers(urn: string, inputs: TreeObject): boolean {
    return (
      inputs["allowDataLoss"] === true || this.#urns.has(urn) || this.#stack === parseUrn(urn).stack
    );
  }
}

/** The message that refuses to delete a resource with data. */
export function deletionRefusal(
  { token }: ResourceContract,
  urn: string,
  { lost, name }: { lost: string; name: unknown },
): string {
  const type = token.split(":").at(-1);
  return (
    `${type} "${String(name)}": deleting it loses ${lost}. Restore it, or take a backup and consent: ` +
    `set allowDataLoss: true for it in the spec for one up before it goes, or ` +
    `${CONSENT_VARIABLE}=${parseUrn(urn).stack} in the environment of this run; opspec destroy takes --allow-data-loss.`
  );
}

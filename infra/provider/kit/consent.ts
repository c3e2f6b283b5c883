import type { ResourceContract } from "../../resources/contract.ts";
import { parseUrn } from "../../resources/urn.ts";
import type { TreeObject } from "./property-tree.ts";

/** The environment variable that names the stack whose data one run may delete. */
export const CONSENT_VARIABLE = "OPSPEC_ALLOW_DATA_LOSS";

/**
 * The consents of one run to delete what keeps data.
 *
 * The plugin asks for them, and not Pulumi's `protect`: a protected resource takes one `up` to be
 * released and another to be replaced, a destroy would need every one of them released first, and
 * neither says what is lost. The variable names a stack, so that one that is left set in a shell
 * consents for no other.
 */
export class Consents {
  readonly #urns = new Set<string>();
  readonly #stack: string | undefined;

  constructor(stack: string | undefined = process.env[CONSENT_VARIABLE]) {
    this.#stack = stack;
  }

  /** Notes what the program says of a resource: one that it replaces is deleted with its old inputs. */
  note(urn: string, inputs: TreeObject): void {
    if (inputs["allowDataLoss"] === true) this.#urns.add(urn);
    else this.#urns.delete(urn);
  }

  /** May this resource go with its data? `inputs` are those that state holds. */
  covers(urn: string, inputs: TreeObject): boolean {
    return (
      inputs["allowDataLoss"] === true || this.#urns.has(urn) || this.#stack === parseUrn(urn).stack
    );
  }
}

/** The message when a resource is not deleted because its data would be lost. */
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

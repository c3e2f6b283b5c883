/** The parts of a resource's URN. */
export interface Urn {
  readonly stack: string;
  readonly project: string;
  /** Type token of the resource itself, without its parents. */
  readonly type: string;
  /** Name of the resource, which is its key in the spec. */
  readonly name: string;
}

/**
 * Takes a URN apart: `urn:pulumi:<stack>::<project>::<parent types>$<type>::<name>`.
 *
 * @see https://www.pulumi.com/docs/iac/concepts/resources/names/#urns
 */
export function parseUrn(urn: string): Urn {
  const [head = "", project = "", types = "", ...name] = urn.split("::");
  return {
    stack: head.slice("urn:pulumi:".length),
    project,
    type: types.split("$").at(-1) ?? "",
    // A name may have "::" in it.
    name: name.join("::"),
  };
}

import type { Problem } from "../../errors.ts";
import type { PartialStackSpec } from "../../spec/stack.ts";
import { planReferences, referenceEdges } from "../late-reference.ts";

/** Refuses a cycle of references in which every build needs the other's URL. */
export function validateCycles(spec: PartialStackSpec): Problem[] {
  return planReferences(spec).unresolvable.flatMap((members) => {
    const edge = referenceEdges(spec).find(
      (it) => it.isHard && members.includes(it.from) && members.includes(it.to),
    );
    if (!edge) return [];
    return [
      {
        path: `services/${edge.from}/env/${edge.variable}`,
        message: `the builds of ${members.map((it) => `"${it}"`).join(" and ")} wait for each other's URL.`,
        remedy: "Give one of them a domain, or take buildTime from one of the references.",
      },
    ];
  });
}

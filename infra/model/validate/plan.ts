import { nearest, type Problem } from "../../errors.ts";
import type { PartialStackSpec } from "../../spec/stack.ts";
import { entriesOf } from "../entries.ts";

/** Plans of a workspace, which are not instance types. @see https://render.com/pricing */
const WORKSPACE_PLANS = ["hobby", "professional", "organization"];

/** Instance types that have a name. @see https://render.com/pricing */
const NAMED_TYPES = [
  "free",
  "starter",
  "starter_plus",
  "standard",
  "standard_plus",
  "pro",
  "pro_plus",
  "pro_max",
  "pro_ultra",
  "custom",
];

/** An id with a digit (1c-2g) is no misspelt name: the vendor adds such ids. */
const WORD = /^[a-z_-]+$/;

/** The smallest paid plan of each block. */
const SMALLEST = {
  services: "starter",
  jobs: "starter",
  keyValues: "starter",
  databases: "basic_256mb",
} as const;

/** A plan is that of an instance, and its name is not misspelt. */
export function validatePlans(spec: PartialStackSpec): Problem[] {
  return (["services", "jobs", "keyValues", "databases"] as const).flatMap((kind) =>
    entriesOf(spec[kind]).flatMap(([key, { plan }]) => {
      const path = `${kind}/${key}/plan`;
      if (plan === undefined) return [];
      if (WORKSPACE_PLANS.includes(plan)) {
        const message = `That is a workspace plan; use ${SMALLEST[kind]}.`;
        return [{ path, message }];
      }
      return kind === "databases" ? [] : misspelt(path, plan);
    }),
  );
}

function misspelt(path: string, plan: string): Problem[] {
  const near = WORD.test(plan) ? nearest(plan, NAMED_TYPES) : undefined;
  if (near === undefined || near === plan || plan.endsWith("_legacy")) return [];
  return [{ path, message: `there is no plan "${plan}".`, remedy: `Did you mean "${near}"?` }];
}

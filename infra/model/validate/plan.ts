import { nearest, type Problem } from "../../errors.ts";
import type { PartialStackSpec } from "../../spec/stack.ts";
import { entriesOf } from "../entries.ts";

/** Plans of a workspace; not instance types. @see https://render.com/pricing */
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

/** Plans of a Postgres with a name. @see https://render.com/docs/postgresql-legacy-instance-types */
const DATABASE_TYPES = ["free", "starter", "standard", "pro", "pro_plus", "custom"];

/** Plans of a Postgres by memory. @see https://render.com/docs/postgresql-refresh */
const DATABASE_SIZE = /^(basic|pro|accelerated)_\d+[mg]b$/;

/** An id with a digit (1c-2g, pro_8gb) is not a misspelt name: the vendor adds such ids. */
const WORD = /^[a-z_-]+$/;

/** The smallest paid plan of each block. */
const SMALLEST = {
  services: "starter",
  jobs: "starter",
  keyValues: "starter",
  databases: "basic_256mb",
} as const;

/** Refuses plans of workspaces and misspelt instance types. */
export function validatePlans(spec: PartialStackSpec): Problem[] {
  return (["services", "jobs", "keyValues", "databases"] as const).flatMap((kind) =>
    entriesOf(spec[kind]).flatMap(([key, { plan }]) => {
      const path = `${kind}/${key}/plan`;
      if (plan === undefined) return [];
      if (WORKSPACE_PLANS.includes(plan.toLowerCase())) {
        const message = `That is a workspace plan; use ${SMALLEST[kind]}.`;
        return [{ path, message }];
      }
      return misspelt(path, plan, kind === "databases" ? DATABASE_TYPES : NAMED_TYPES);
    }),
  );
}

function misspelt(path: string, plan: string, known: readonly string[]): Problem[] {
  if (known.includes(plan) || plan.endsWith("_legacy")) return [];
  const id = apiSpelling(plan);
  const isOtherSpelling = id !== plan && (known.includes(id) || DATABASE_SIZE.test(id));
  const near = WORD.test(plan.toLowerCase()) ? nearest(plan.toLowerCase(), known) : undefined;
  const meant = isOtherSpelling || /[A-Z ]/.test(plan) ? id : near;
  if (meant === undefined) return [];
  return [{ path, message: `there is no plan "${plan}".`, remedy: `Did you mean "${meant}"?` }];
}

/**
 * The id in Render's API, where older plans have an underscore: Blueprints and the dashboard write
 * `Pro Plus` and `basic-256mb` for `pro_plus` and `basic_256mb`.
 */
function apiSpelling(plan: string): string {
  return plan.toLowerCase().replaceAll(/[ -]/g, "_");
}

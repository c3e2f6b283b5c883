import type { PartialStackSpec } from "../spec/stack.ts";
import { entriesOf } from "./entries.ts";
import { unmetRequirements } from "./env-rule.ts";
import type { Edge } from "./late-reference.ts";

/** Paths that by custom tell about readiness, that is about things outside the process. */
const READINESS_PATHS = ["/ready", "/readyz", "/readiness"];

/** What a preview should say besides the changes. None of it stops a deploy. */
export function modelNotes(spec: PartialStackSpec, late: readonly Edge[]): string[] {
  return [...lateNotes(late), ...requirementNotes(spec), ...healthNotes(spec)];
}

function lateNotes(late: readonly Edge[]): string[] {
  return late.map(({ from, variable, to }) => {
    const path = `services/${from}/env/${variable}`;
    if (from === to) return `${path} is set after "${to}" exists, because it is its own address.`;
    return `${path} is set after "${to}" exists, because they refer to each other.`;
  });
}

function requirementNotes(spec: PartialStackSpec): string[] {
  return unmetRequirements(spec, "warn").map(
    ({ service, variable }) => `services/${service} has no ${variable}, which is recommended.`,
  );
}

function healthNotes(spec: PartialStackSpec): string[] {
  return entriesOf(spec.services).flatMap(([key, { health }]) => {
    if (health === undefined || !READINESS_PATHS.includes(health)) return [];
    return [
      `services/${key}/health is ${health}: if it depends on something outside, an outage there restarts the service again and again.`,
    ];
  });
}

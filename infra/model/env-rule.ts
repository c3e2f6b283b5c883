import type { EnvRuleSpec } from "../spec/env-rule.ts";
import type { DeepPartial, PartialStackSpec } from "../spec/stack.ts";
import { entriesOf } from "./entries.ts";
import { effectiveEnv, type VariableParts } from "./variables.ts";

/** A service with its effective variables. */
export interface ServiceEnv {
  readonly service: string;
  readonly env: ReadonlyMap<string, VariableParts>;
}

/** The services that a rule applies to. */
export function servicesOf(
  spec: PartialStackSpec,
  rule: DeepPartial<{ services?: string[] | undefined }>,
): ServiceEnv[] {
  return entriesOf(spec.services)
    .filter(([key]) => rule.services === undefined || rule.services.includes(key))
    .map(([service, owner]) => ({ service, env: effectiveEnv(spec, owner) }));
}

/** Variables that a `require` rule requires and a service does not have. */
export function unmetRequirements(
  spec: PartialStackSpec,
  level: "warn" | undefined,
): { index: number; service: string; variable: string }[] {
  return (spec.envRules ?? []).flatMap((rule, index) => {
    const variables = requiredBy(rule, level);
    return servicesOf(spec, rule ?? {}).flatMap(({ service, env }) =>
      variables
        .filter((variable) => !env.has(variable))
        .map((variable) => ({ index, service, variable })),
    );
  });
}

function requiredBy(
  rule: DeepPartial<EnvRuleSpec> | undefined,
  level: "warn" | undefined,
): string[] {
  if (!rule || !("require" in rule) || rule.level !== level) return [];
  return [rule.require].flat().filter((it) => it !== undefined);
}

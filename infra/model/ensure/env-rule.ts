import type { Problem } from "../../errors.ts";
import type { EnvRuleSpec } from "../../spec/env-rule.ts";
import type { DeepPartial, PartialStackSpec } from "../../spec/stack.ts";
import { servicesOf, unmetRequirements } from "../env-rule.ts";
import type { VariableParts } from "../variables.ts";

type RulePart = DeepPartial<EnvRuleSpec>;

/** Values that leave a switch off. */
const OFF = ["", "0", "false", "no", "off"];

/** The environment of the services is as the rules of the spec ask. */
export function ensureEnvRules(spec: PartialStackSpec): Problem[] {
  const unmet = unmetRequirements(spec, undefined).map(({ index, service, variable }) => ({
    path: `services/${service}/env`,
    message: `${variable} is missing, which envRules/${index} requires.`,
    remedy: "Set it, or take the service out of the rule.",
  }));
  const rules = (spec.envRules ?? []).flatMap((rule, index) =>
    rule ? [...oneOf(spec, rule, index), ...forbidden(spec, rule), ...values(spec, rule)] : [],
  );
  return [...unmet, ...rules];
}

function oneOf(spec: PartialStackSpec, rule: RulePart, index: number): Problem[] {
  if (!("oneOf" in rule) || !rule.oneOf) return [];
  const names = rule.oneOf.filter((it) => it !== undefined);
  return servicesOf(spec, rule)
    .filter(({ env }) => !names.some((name) => env.has(name)))
    .map(({ service }) => ({
      path: `services/${service}/env`,
      message: `none of ${names.join(", ")} is set, and envRules/${index} requires one.`,
      remedy: "Set one of them.",
    }));
}

function forbidden(spec: PartialStackSpec, rule: RulePart): Problem[] {
  if (!("forbid" in rule)) return [];
  if (rule.in !== (spec.environment ?? "production")) return [];
  const names = [rule.forbid].flat().filter((it) => it !== undefined);
  return servicesOf(spec, rule).flatMap(({ service, env }) =>
    names
      .filter((name) => isOn(env.get(name)))
      .map((name) => ({
        path: `services/${service}/env/${name}`,
        message: `is switched on, which is forbidden in ${rule.in}.`,
        remedy: 'Remove it, or set it to "0".',
      })),
  );
}

function isOn(parts: VariableParts | undefined): boolean {
  return parts !== undefined && !OFF.includes(String(parts.value ?? "set").toLowerCase());
}

function values(spec: PartialStackSpec, rule: RulePart): Problem[] {
  if (!("variable" in rule) || rule.variable === undefined) return [];
  const { variable, minLength = 0, weak = [] } = rule;
  return servicesOf(spec, rule).flatMap(({ service, env }) => {
    const value = env.get(variable)?.value;
    if (value === undefined) return [];
    const text = String(value);
    const path = `services/${service}/env/${variable}`;
    const isWeak = weak.some((it) => it?.toLowerCase() === text.toLowerCase());
    return [
      ...(text.length < minLength
        ? [
            {
              path,
              message: `is too short: ${text.length} of at least ${minLength} characters.`,
              remedy: "Choose a longer value.",
            },
          ]
        : []),
      ...(isWeak
        ? [{ path, message: "is a value that everybody knows.", remedy: "Choose another." }]
        : []),
    ];
  });
}

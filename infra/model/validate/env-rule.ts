import type { Problem } from "../../errors.ts";
import type { EnvRuleSpec } from "../../spec/env-rule.ts";
import type { DeepPartial, PartialStackSpec } from "../../spec/stack.ts";
import { entriesOf } from "../entries.ts";
import { servicesOf, unmetRequirements } from "../env-rule.ts";
import { effectiveEnv, type VariableParts, variablesOf } from "../variables.ts";

type RulePart = DeepPartial<EnvRuleSpec>;

/** Values that mean off. */
const OFF = ["", "0", "false", "no", "off"];

/** Values that mean on. */
const ON = ["1", "true", "yes", "on"];

/** Common variables that disable an app's authentication. */
const AUTH_OFF_SWITCHES = ["ALLOW_HEADER_AUTH", "DISABLE_AUTH", "SKIP_AUTH", "AUTH_DISABLED"];

/** Checks the environment of the services against the spec's env rules. */
export function validateEnvRules(spec: PartialStackSpec): Problem[] {
  const unmet = unmetRequirements(spec, undefined).map(({ index, service, variable }) => ({
    path: `services/${service}/env`,
    message: `${variable} is missing, which envRules/${index} requires.`,
    remedy: "Set it, or take the service out of the rule.",
  }));
  const rules = (spec.envRules ?? []).flatMap((rule, index) =>
    rule ? [...oneOf(spec, rule, index), ...forbidden(spec, rule), ...values(spec, rule)] : [],
  );
  const reported = new Set(rules.map((it) => it.path));
  return [...unmet, ...rules, ...openDoors(spec).filter((it) => !reported.has(it.path))];
}

/** Built-in rule: no variable disables authentication in production. */
function openDoors(spec: PartialStackSpec): Problem[] {
  if ((spec.environment ?? "production") !== "production") return [];
  return variablesOf(spec)
    .filter(({ name, parts }) => AUTH_OFF_SWITCHES.includes(name) && isTruthy(parts.value))
    .map(({ path }) => ({
      path,
      message: "turns authentication off in production.",
      remedy: 'Remove it, or set it to "0".',
    }));
}

function isTruthy(value: VariableParts["value"]): boolean {
  return ON.includes(String(value).trim().toLowerCase());
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
  const services = servicesOf(spec, rule).map(({ service, env }) => ({
    path: `services/${service}`,
    env,
  }));
  return [...services, ...jobsOf(spec, rule)].flatMap(({ path, env }) =>
    names
      .filter((name) => isOn(env.get(name)))
      .map((name) => ({
        path: `${path}/env/${name}`,
        message: `is on, which is forbidden in ${rule.in}.`,
        remedy: 'Remove it, or set it to "0".',
      })),
  );
}

/** The jobs that a rule applies to: all, or those of its services. */
function jobsOf(
  spec: PartialStackSpec,
  { services }: RulePart,
): { path: string; env: ReadonlyMap<string, VariableParts> }[] {
  return entriesOf(spec.jobs)
    .filter(([, job]) => {
      const owners = [job.in, job.calls, job.like, job.of];
      return !services || owners.some((it) => it !== undefined && services.includes(it));
    })
    .map(([key, job]) => ({ path: `jobs/${key}`, env: effectiveEnv(spec, job) }));
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
      ...(isWeak ? [{ path, message: "is a well-known value.", remedy: "Choose another." }] : []),
    ];
  });
}

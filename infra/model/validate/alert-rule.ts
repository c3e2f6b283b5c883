import { nearest, type Problem } from "../../errors.ts";
import type { PartialStackSpec } from "../../spec/stack.ts";
import { entriesOf } from "../entries.ts";

const BOUNDS = ["above", "below", "growth", "ratePerMinute"];

/** Requires a condition in each rule, and a health check of its service in a rule about a check. */
export function validateAlertRules(spec: PartialStackSpec): Problem[] {
  return entriesOf(spec.alerts?.rules).flatMap(([key, rule]): Problem[] => {
    const path = `alerts/rules/${key}`;
    if ("check" in rule) return unknownCheck(spec, path, rule);
    if (BOUNDS.some((bound) => bound in rule)) return [];
    const remedy = "Add above, below, growth or ratePerMinute.";
    return [{ path, message: "has no condition, so it never fires.", remedy }];
  });
}

/** A preset may add checks that the spec does not name. */
function unknownCheck(
  spec: PartialStackSpec,
  path: string,
  rule: { readonly check?: string | undefined; readonly in?: string | undefined },
): Problem[] {
  const service = rule.in === undefined ? undefined : spec.services?.[rule.in];
  if (!service || rule.check === undefined || service.healthPreset) return [];
  const known = entriesOf(service.checks).map(([name]) => name);
  if (known.includes(rule.check)) return [];
  const message = `"${rule.in}" has no check "${rule.check}".`;
  const meant = nearest(rule.check, known);
  const remedy = meant
    ? `Did you mean "${meant}"?`
    : `Declare it under services/${rule.in}/checks.`;
  return [{ path: `${path}/check`, message, remedy }];
}

import type { Problem } from "../errors.ts";
import type { PartialStackSpec } from "../spec/stack.ts";
import { validateAlertRules } from "./validate/alert-rule.ts";
import { validateChannels } from "./validate/channel.ts";
import { validateCoordination } from "./validate/coordination.ts";
import { validateCycles } from "./validate/cycle.ts";
import { validateDisks } from "./validate/disk.ts";
import { validateEnvRules } from "./validate/env-rule.ts";
import { validateEnvValues } from "./validate/env-value.ts";
import { validateJobDisks } from "./validate/job-disk.ts";
import { validateJobOwners } from "./validate/job-owner.ts";
import { validateJobWork } from "./validate/job-work.ts";
import { validateLife } from "./validate/life.ts";
import { validateNames } from "./validate/name.ts";
import { validatePlans } from "./validate/plan.ts";
import { validateReferences } from "./validate/reference.ts";
import { validateRegions } from "./validate/region.ts";
import { validateRuntimeReferences } from "./validate/runtime-reference.ts";
import { validateRuntimeSource } from "./validate/runtime-source.ts";
import { validateScaling } from "./validate/scaling.ts";
import { validateSchedules } from "./validate/schedule.ts";
import { validateScheduleVariables } from "./validate/schedule-variable.ts";
import { validateSecrets } from "./validate/secret.ts";
import { validateServiceKinds } from "./validate/service-kind.ts";
import { validateStores } from "./validate/store.ts";
import { validateSupervision } from "./validate/supervision.ts";
import { validateDomains, validateTargets } from "./validate/target.ts";

/**
 * A validation rule. It checks the present parts, tolerates missing ones and returns the problems.
 */
export type Rule = (spec: PartialStackSpec) => Problem[];

/** Every validation rule. All run on every spec, so that one run reports all problems. */
const RULES: readonly Rule[] = [
  validateNames,
  validateReferences,
  validateTargets,
  validateDomains,
  validateCycles,
  validateServiceKinds,
  validateScaling,
  validateDisks,
  validateEnvValues,
  validateEnvRules,
  validateSecrets,
  validateStores,
  validateRegions,
  validatePlans,
  validateJobOwners,
  validateJobWork,
  validateJobDisks,
  validateSchedules,
  validateScheduleVariables,
  validateRuntimeSource,
  validateSupervision,
  validateRuntimeReferences,
  validateChannels,
  validateAlertRules,
  validateCoordination,
  validateLife,
];

/** Runs all rules on a spec whose present parts match the schema. */
export function validateMeaning(spec: PartialStackSpec): Problem[] {
  return RULES.flatMap((rule) => rule(spec));
}

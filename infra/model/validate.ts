import type { Problem } from "../errors.ts";
import type { PartialStackSpec } from "../spec/stack.ts";
import { ensureCoordination } from "./validate/coordination.ts";
import { ensureCycles } from "./validate/cycle.ts";
import { ensureDisks } from "./validate/disk.ts";
import { ensureEnvRules } from "./validate/env-rule.ts";
import { ensureEnvValues } from "./validate/env-value.ts";
import { ensureJobDisks } from "./validate/job-disk.ts";
import { ensureJobOwners } from "./validate/job-owner.ts";
import { ensureJobWork } from "./validate/job-work.ts";
import { ensureLife } from "./validate/life.ts";
import { ensureNames } from "./validate/name.ts";
import { ensurePlans } from "./validate/plan.ts";
import { ensureReferences } from "./validate/reference.ts";
import { ensureRegions } from "./validate/region.ts";
import { ensureRuntimeReferences } from "./validate/runtime-reference.ts";
import { ensureRuntimeSource } from "./validate/runtime-source.ts";
import { ensureScaling } from "./validate/scaling.ts";
import { ensureSchedules } from "./validate/schedule.ts";
import { ensureScheduleVariables } from "./validate/schedule-variable.ts";
import { ensureSecrets } from "./validate/secret.ts";
import { ensureServiceKinds } from "./validate/service-kind.ts";
import { ensureStores } from "./validate/store.ts";
import { ensureSupervision } from "./validate/supervision.ts";
import { ensureDomains, ensureTargets } from "./validate/target.ts";

/** A rule of meaning: looks at what is there, tolerates what is missing, and says what is wrong. */
export type Rule = (spec: PartialStackSpec) => Problem[];

/** Every rule of meaning. Each runs on every spec, so that one run reports everything. */
const RULES: readonly Rule[] = [
  ensureNames,
  ensureReferences,
  ensureTargets,
  ensureDomains,
  ensureCycles,
  ensureServiceKinds,
  ensureScaling,
  ensureDisks,
  ensureEnvValues,
  ensureEnvRules,
  ensureSecrets,
  ensureStores,
  ensureRegions,
  ensurePlans,
  ensureJobOwners,
  ensureJobWork,
  ensureJobDisks,
  ensureSchedules,
  ensureScheduleVariables,
  ensureRuntimeSource,
  ensureSupervision,
  ensureRuntimeReferences,
  ensureCoordination,
  ensureLife,
];

/** What is wrong with the meaning of a spec whose shape is valid where it is present. */
export function ensureMeaning(spec: PartialStackSpec): Problem[] {
  return RULES.flatMap((rule) => rule(spec));
}

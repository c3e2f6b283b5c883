import type { Problem } from "../errors.ts";
import type { PartialStackSpec } from "../spec/stack.ts";
import { ensureCoordination } from "./ensure/coordination.ts";
import { ensureCycles } from "./ensure/cycle.ts";
import { ensureDisks } from "./ensure/disk.ts";
import { ensureEnvRules } from "./ensure/env-rule.ts";
import { ensureEnvValues } from "./ensure/env-value.ts";
import { ensureJobDisks } from "./ensure/job-disk.ts";
import { ensureJobOwners } from "./ensure/job-owner.ts";
import { ensureJobWork } from "./ensure/job-work.ts";
import { ensureLife } from "./ensure/life.ts";
import { ensureNames } from "./ensure/name.ts";
import { ensurePlans } from "./ensure/plan.ts";
import { ensureReferences } from "./ensure/reference.ts";
import { ensureRegions } from "./ensure/region.ts";
import { ensureRuntimeReferences } from "./ensure/runtime-reference.ts";
import { ensureRuntimeSource } from "./ensure/runtime-source.ts";
import { ensureScaling } from "./ensure/scaling.ts";
import { ensureSchedules } from "./ensure/schedule.ts";
import { ensureScheduleVariables } from "./ensure/schedule-variable.ts";
import { ensureSecrets } from "./ensure/secret.ts";
import { ensureServiceKinds } from "./ensure/service-kind.ts";
import { ensureStores } from "./ensure/store.ts";
import { ensureSupervision } from "./ensure/supervision.ts";
import { ensureDomains, ensureTargets } from "./ensure/target.ts";

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

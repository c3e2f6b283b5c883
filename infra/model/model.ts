import type { Problem } from "../errors.ts";
import type { StackSpec } from "../spec/stack.ts";
import { modelChecks } from "./check.ts";
import { modelContainer, modelEdge, modelVms } from "./container.ts";
import { DEFAULT_TIMEZONE } from "./defaults.ts";
import { validateMeaning } from "./validate.ts";
import { modelJobs, modelInServiceJobs } from "./job.ts";
import { given } from "./keyed.ts";
import { type Edge, planReferences } from "./late-reference.ts";
import { jobsByService } from "./service-jobs.ts";
import { serviceName } from "./names.ts";
import { modelNotes } from "./notes.ts";
import {
  modelDatabases,
  modelEnvGroups,
  modelKeyValues,
  modelProject,
  modelRegistries,
} from "./platform.ts";
import { modelSecrets } from "./secret.ts";
import { modelService, type Subject } from "./service.ts";
import type { StackModel } from "./stack-model.ts";
import { modelStaticSite } from "./static-site.ts";

/** Resolves a spec: every default, name, reference and schedule. Pure; no model when a rule refuses. */
export function modelStack(
  name: string,
  spec: StackSpec,
): { model?: StackModel; problems: readonly Problem[] } {
  const problems = validateMeaning(spec);
  if (problems.length > 0) return { problems };
  const { late } = planReferences(spec);
  const parts = {
    ...modelProcesses(name, spec, late),
    jobs: modelJobs(name, spec),
    envGroups: modelEnvGroups(spec),
    registries: modelRegistries(spec),
    vms: modelVms(spec),
  };
  const model: StackModel = {
    name,
    system: spec.system,
    environment: spec.environment ?? "production",
    timezone: spec.timezone ?? DEFAULT_TIMEZONE,
    ownerId: spec.render.owner,
    secrets: modelSecrets(spec, parts),
    ...parts,
    databases: modelDatabases(spec),
    keyValues: modelKeyValues(spec),
    inServiceJobs: modelInServiceJobs(spec),
    checks: modelChecks(spec),
    overlays: Object.entries(spec.overlays ?? {}).map(([key, { description }]) => ({
      key,
      description,
    })),
    notes: modelNotes(spec, late),
    ...given({ project: modelProject(spec), edge: modelEdge(spec), resources: spec.resources }),
  };
  return { model, problems };
}

function modelProcesses(
  stack: string,
  spec: StackSpec,
  late: readonly Edge[],
): Pick<StackModel, "services" | "staticSites" | "containers"> {
  const lateBy = Map.groupBy(late, (edge) => edge.from);
  const jobsOf = jobsByService(spec);
  const entries = Object.entries(spec.services ?? {});
  const subjects = entries.map(([key, service]): Subject => ({
    stack,
    spec,
    key,
    service,
    name: service.name ?? serviceName(spec.system, key, entries.length),
    ...jobsOf(key),
    late: new Set((lateBy.get(key) ?? []).map((edge) => edge.variable)),
  }));
  return {
    services: subjects.flatMap((it) => {
      const { type } = it.service;
      return type === "static" || type === "container" ? [] : [modelService(it, type)];
    }),
    staticSites: subjects.filter((it) => it.service.type === "static").map(modelStaticSite),
    containers: subjects.filter((it) => it.service.type === "container").map(modelContainer),
  };
}

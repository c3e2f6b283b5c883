import { nearest, type Problem } from "../../errors.ts";
import type { PartialStackSpec } from "../../spec/stack.ts";
import { entriesOf } from "../entries.ts";
import { type RuntimeReference, runtimeReferences } from "../runtime-reference.ts";
import { cronJobEnv, effectiveEnv, type VariableParts } from "../variables.ts";

/** Requires that a process has the variables that its runtime reads. */
export function validateRuntimeReferences(spec: PartialStackSpec): Problem[] {
  return [
    ...runtimeReferences(spec).flatMap((it) => missingVariable(spec, it)),
    ...entriesOf(spec.jobs).flatMap(([key, { options }]) =>
      entriesOf(options).flatMap(([name, value]) =>
        unboundOption(spec, { job: key, option: name, value }),
      ),
    ),
  ];
}

function missingVariable(
  spec: PartialStackSpec,
  { path, kind, key, owner }: RuntimeReference,
): Problem[] {
  if (kind !== "env" || !owner) return [];
  const env = owner.kind === "services" ? serviceEnv(spec, owner.key) : jobEnv(spec, owner.key);
  return env ? missing(path, key, env) : [];
}

/** An option that is bound to a missing variable and has no default has no value. */
function unboundOption(
  spec: PartialStackSpec,
  { job, option, value }: { job: string; option: string; value: unknown },
): Problem[] {
  if (typeof value !== "object" || value === null || !("env" in value)) return [];
  if ("default" in value || typeof value.env !== "string") return [];
  const env = jobEnv(spec, job);
  return env ? missing(`jobs/${job}/options/${option}/env`, value.env, env) : [];
}

function missing(
  path: string,
  variable: string,
  env: ReadonlyMap<string, VariableParts>,
): Problem[] {
  if (env.has(variable)) return [];
  const near = nearest(variable, [...env.keys()]);
  const remedy = near === undefined ? "Declare it in its env." : `Did you mean "${near}"?`;
  return [{ path, message: `the process has no variable ${variable}.`, remedy }];
}

function serviceEnv(spec: PartialStackSpec, key: string | undefined) {
  const service = key === undefined ? undefined : spec.services?.[key];
  return service && effectiveEnv(spec, service);
}

/** The variables of the process in which a job runs: a service's, or a cron job's own. */
function jobEnv(spec: PartialStackSpec, key: string) {
  const job = spec.jobs?.[key];
  const service = job?.in ?? job?.calls ?? job?.of;
  if (service !== undefined) return serviceEnv(spec, service);
  if (job?.on !== "render") return undefined;
  return cronJobEnv(spec, job);
}

import type { CheckModel, StackModel } from "../../infra/model/stack-model.ts";
import { type Finding, finding, unchecked } from "./finding.ts";
import { jobFindings } from "./job-findings.ts";
import type { ObservedStack } from "./observe.ts";
import { serviceFindings } from "./service-findings.ts";

/** What a cloud lets a verification see. */
export interface Reach {
  /** Asks a service for a path; absent on a cloud that runs nothing. */
  readonly httpStatus?: (service: string, path: string) => Promise<number | string>;
}

/** Every check of a stack, with what came of it. */
export async function verifyStack(
  model: StackModel,
  observed: ObservedStack,
  reach: Reach,
): Promise<Finding[]> {
  const optional = optionalSecrets(model);
  return [
    ...model.services.flatMap((it) => serviceFindings(it, observed.services[it.key], optional)),
    ...model.jobs.flatMap((it) => jobFindings(it, observed.jobs[it.key], optional)),
    ...(await Promise.all(model.checks.map((it) => declaredFinding(it, reach)))),
  ];
}

function optionalSecrets(model: StackModel): ReadonlySet<string> {
  const optional = model.secrets.filter(
    (it) => it.required !== true && it.generateBytes === undefined,
  );
  return new Set(optional.map((it) => it.name));
}

async function declaredFinding(check: CheckModel, { httpStatus }: Reach): Promise<Finding> {
  if (check.kind === "ran") {
    const name = `job ${check.job} ran within ${check.withinSeconds} s`;
    return unchecked(name, "run records come with the runtime, which is not there yet");
  }
  const name = `${check.service} answers ${check.path} with ${check.status}`;
  if (!httpStatus) return unchecked(name, "this cloud runs nothing");
  const status = await httpStatus(check.service, check.path);
  return finding(name, status === check.status ? undefined : `it answered ${status}`);
}

import type { StackModel } from "../../infra/model/stack-model.ts";
import { databaseFindings, keyValueFindings } from "./datastore-findings.ts";
import { declaredFinding } from "./declared-findings.ts";
import { deploymentOf } from "./deployment.ts";
import type { Finding } from "./finding.ts";
import { groupFindings } from "./group-findings.ts";
import { jobFindings } from "./job-findings.ts";
import type { ObservedStack } from "./observed.ts";
import { projectFindings, registryFindings } from "./platform-findings.ts";
import type { Reach } from "./reach.ts";
import { inServiceFinding } from "./in-service-finding.ts";
import { secretFindings } from "./secret-findings.ts";
import { serviceFindings, siteFindings } from "./service-findings.ts";
import { settled } from "./settled.ts";
import { unseenFindings } from "./unseen-findings.ts";

/** All findings of a stack. */
export async function verifyStack(
  model: StackModel,
  observed: ObservedStack,
  reach: Reach,
): Promise<Finding[]> {
  const deployment = deploymentOf(model, observed);
  return [
    ...(model.project ? projectFindings(model.project, deployment) : []),
    ...model.registries.flatMap((it) => registryFindings(it, deployment)),
    ...model.databases.flatMap((it) => databaseFindings(it, deployment)),
    ...model.keyValues.flatMap((it) => keyValueFindings(it, deployment)),
    ...model.envGroups.flatMap((it) => groupFindings(it, deployment)),
    ...model.services.flatMap((it) => serviceFindings(it, deployment, reach.hasDns)),
    ...model.staticSites.flatMap((it) => siteFindings(it, deployment, reach.hasDns)),
    ...model.jobs.flatMap((it) => jobFindings(it, deployment)),
    ...secretFindings(deployment),
    ...unseenFindings(model),
    ...(await Promise.all(
      model.inServiceJobs.map((it) =>
        settled(deployment, () => inServiceFinding(it, deployment, reach)),
      ),
    )),
    ...(await Promise.all(
      model.checks.map((it) => settled(deployment, () => declaredFinding(it, deployment, reach))),
    )),
  ];
}

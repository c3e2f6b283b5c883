import { z } from "zod";
import type { InServiceJobModel } from "../../infra/model/stack-model.ts";
import type { Deployment } from "./deployment.ts";
import { type Finding, finding, unchecked } from "./finding.ts";
import { askAbout } from "./ops.ts";
import type { Reach } from "./reach.ts";
import { NOT_ON_RENDER } from "./unchecked-reasons.ts";

/** The runtime's list of jobs. */
const Jobs = z.object({ jobs: z.array(z.object({ name: z.string() })) });

/** Checks that the runtime of a service knows a job without a resource. */
export async function inServiceFinding(
  { key, owner, schedule }: InServiceJobModel,
  deployment: Deployment,
  reach: Reach,
): Promise<Finding> {
  if (owner.kind === "vm") {
    return unchecked(`job ${key} runs on ${owner.vm}, ${schedule}`, NOT_ON_RENDER);
  }
  const name = `job ${key} runs in ${owner.service}, ${schedule}`;
  const isElsewhere = deployment.model.containers.some((it) => it.key === owner.service);
  if (isElsewhere) return unchecked(name, NOT_ON_RENDER);
  const answer = await askAbout(key, "/ops/jobs", { deployment, reach, schema: Jobs });
  if ("unchecked" in answer) return unchecked(name, answer.unchecked);
  if ("problem" in answer) return finding(name, answer.problem);
  const isKnown = answer.value.jobs.some((it) => it.name === key);
  return finding(name, isKnown ? undefined : "its runtime does not know it. Run opspec up.");
}

import type { JobModel } from "../../infra/model/stack-model.ts";
import { type Json, memberAt } from "../../infra/provider/render/answer.ts";
import type { Deployment } from "./deployment.ts";
import { environmentFindings } from "./env-findings.ts";
import { type Finding, finding } from "./finding.ts";
import {
  commandFindings,
  differs,
  liveProblem,
  sourceProblem,
  sourceWords,
} from "./process-problems.ts";
import { jobSettings } from "./settings-finding.ts";

/** The findings of a deployed cron job. */
export function jobFindings(model: JobModel, deployment: Deployment): Finding[] {
  const name = `job ${model.key}`;
  const observed = deployment.observed.jobs[model.key];
  if (!observed) return [finding(`${name} is live`, "it does not exist. Run opspec up.")];
  const detail = (key: string): Json | undefined =>
    memberAt(observed.service, ["serviceDetails", key]);
  return [
    finding(`${name} is live`, liveProblem(observed)),
    finding(
      `${name} runs at ${model.schedule.text}`,
      differs(detail("schedule"), model.schedule.utcCron),
    ),
    finding(
      `${name} comes from ${sourceWords(model.source)}`,
      sourceProblem(model.source, observed),
    ),
    ...commandFindings(name, model, observed),
    finding(`${name} has plan ${model.plan}`, differs(detail("plan"), model.plan)),
    jobSettings(name, model, { observed, stack: deployment.observed }),
    ...environmentFindings(name, model, { observed, deployment }),
  ];
}

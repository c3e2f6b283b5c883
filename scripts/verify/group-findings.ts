import type { EnvGroupModel } from "../../infra/model/platform-model.ts";
import type { Deployment } from "./deployment.ts";
import { envProblem, fileFindings } from "./env-findings.ts";
import { type Finding, finding } from "./finding.ts";
import { groupSettings } from "./settings-finding.ts";

/** The findings of an env group. Its links are checked with each service. */
export function groupFindings(model: EnvGroupModel, deployment: Deployment): Finding[] {
  const name = `env group ${model.key}`;
  const observed = deployment.observed.envGroups[model.key];
  if (!observed) return [finding(`${name} exists`, "it does not exist. Run opspec up.")];
  return [
    finding(`${name} has its variables`, envProblem(model.env, observed.env, deployment)),
    groupSettings(name, model, observed.group),
    ...fileFindings(name, model.secretFiles, { actual: observed.secretFiles, deployment }),
  ];
}

import type { JobModel } from "../../infra/model/stack-model.ts";
import { type Json, memberAt } from "../../infra/provider/render/answer.ts";
import { type Finding, finding } from "./finding.ts";
import type { ObservedService } from "./observe.ts";
import { envProblem } from "./service-findings.ts";

/** What must be true of a cron job once it is deployed. */
export function jobFindings(
  model: JobModel,
  observed: ObservedService | undefined,
  optional: ReadonlySet<string>,
): Finding[] {
  const name = `job ${model.key}`;
  if (!observed) return [finding(`${name} exists`, "it does not. Run up.")];
  return [
    finding(`${name} exists`, suspendedProblem(observed.service)),
    finding(
      `${name} runs at ${model.schedule.text}`,
      differs(observed, "schedule", model.schedule.utcCron),
    ),
    finding(`${name} has its command`, commandProblem(model, observed)),
    finding(`${name} has its environment`, envProblem(model.env, observed, optional)),
  ];
}

function suspendedProblem(service: Json): string | undefined {
  const suspended = memberAt(service, ["suspended"]) === "suspended";
  return suspended ? "it is suspended. Resume it in Render's dashboard." : undefined;
}

function commandProblem(model: JobModel, observed: ObservedService): string | undefined {
  const actual = memberAt(observed.service, [
    "serviceDetails",
    "envSpecificDetails",
    "dockerCommand",
  ]);
  return actual === model.command
    ? undefined
    : `it is ${String(actual)}, not ${model.command}. Run up.`;
}

function differs(observed: ObservedService, detail: string, wanted: string): string | undefined {
  const actual = memberAt(observed.service, ["serviceDetails", detail]);
  return actual === wanted ? undefined : `it is ${String(actual)}, not ${wanted}. Run up.`;
}

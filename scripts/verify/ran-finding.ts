import { z } from "zod";
import type { CheckModel } from "../../infra/model/stack-model.ts";
import type { Deployment } from "./deployment.ts";
import { firstDue } from "./due.ts";
import { type Finding, finding, unchecked } from "./finding.ts";
import { askAbout } from "./ops.ts";
import type { Reach } from "./reach.ts";

type RanCheck = Extract<CheckModel, { kind: "ran" }>;

/** The runtime's list of runs, newest first. */
const Runs = z.object({ runs: z.array(z.object({ startedAt: z.iso.datetime() })) });

/** Checks the age of the job's last successful run, from its run records. */
export async function ranFinding(
  { job, withinSeconds }: RanCheck,
  deployment: Deployment,
  reach: Reach,
): Promise<Finding> {
  const name = `job ${job} ran within ${withinSeconds} s`;
  const ask = (query: Readonly<Record<string, string>>) =>
    askAbout(job, `/ops/runs?${new URLSearchParams({ job, ...query, limit: "1" })}`, {
      deployment,
      reach,
      schema: Runs,
    });
  const answer = await ask({ status: "ok" });
  if ("unchecked" in answer) return unchecked(name, answer.unchecked);
  if ("problem" in answer) return finding(name, answer.problem);
  const [last] = answer.value.runs;
  if (!last) {
    const due = firstDue(job, deployment);
    const any = due && due.getTime() > Date.now() ? await ask({}) : undefined;
    if (due && any && "value" in any && any.value.runs.length === 0) {
      return unchecked(name, `not due yet: its first run is at ${utcTime(due)}`);
    }
    return finding(name, "no successful run is recorded. See /ops/jobs, or run it by hand.");
  }
  const ageSeconds = Math.round((Date.now() - Date.parse(last.startedAt)) / 1000);
  return finding(
    name,
    ageSeconds <= withinSeconds
      ? undefined
      : `the last successful run started ${ageSeconds} s ago. See /ops/jobs for later runs.`,
  );
}

/** `2026-12-01 03:00 UTC`. */
function utcTime(at: Date): string {
  return `${at.toISOString().slice(0, "2026-12-01T03:00".length).replace("T", " ")} UTC`;
}

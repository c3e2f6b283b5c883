import { z } from "zod";
import type { CheckModel } from "../../infra/model/stack-model.ts";
import type { Deployment } from "./deployment.ts";
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
  const query = new URLSearchParams({ job, status: "ok", limit: "1" });
  const answer = await askAbout(job, `/ops/runs?${query}`, { deployment, reach, schema: Runs });
  if ("unchecked" in answer) return unchecked(name, answer.unchecked);
  if ("problem" in answer) return finding(name, answer.problem);
  const [last] = answer.value.runs;
  if (!last)
    return finding(name, "no successful run is recorded. See /ops/jobs, or run it by hand.");
  const ageSeconds = Math.round((Date.now() - Date.parse(last.startedAt)) / 1000);
  return finding(
    name,
    ageSeconds <= withinSeconds
      ? undefined
      : `the last successful run started ${ageSeconds} s ago. See /ops/jobs for later runs.`,
  );
}

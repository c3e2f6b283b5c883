import * as z from "zod/mini";
import { isRunHere, type ManifestJob } from "../../contract/job.ts";
import { parseInput } from "../../jobs/catalog.ts";
import { json, readJson, HttpError } from "../../http.ts";
import { ConfigurationError } from "../../contract/configuration-error.ts";
import { Actor, actorOf, logChange } from "../api.ts";
import { viewJobs } from "../job-view.ts";
import type { Ops, OpsContext, OpsRoute } from "../api.ts";
import { showRun } from "./runs.ts";

const RunBody = z.strictObject({
  actor: z.optional(Actor),
  runId: z.optional(z.uuid("should be a UUID")),
  dryRun: z.optional(z.boolean()),
  input: z.optional(z.record(z.string(), z.json())),
});

/** Jobs with their last and next runs, and runs by hand. */
export const jobRoutes: readonly OpsRoute[] = [
  { method: "GET", path: "/ops/jobs", answer: listJobs },
  { method: "GET", path: "/ops/jobs/:job", answer: showJob },
  { method: "POST", path: "/ops/jobs/:job/run", openTo: "call", answer: startRun },
];

async function listJobs({
  var: {
    ops: { process },
  },
}: OpsContext): Promise<Response> {
  const { jobs } = process.manifest;
  return json(200, { jobs: await viewJobs(process, jobs) });
}

async function showJob(c: OpsContext): Promise<Response> {
  const job = jobNamed(c.var.ops, c.req.param("job"));
  const [view] = await viewJobs(c.var.ops.process, [job]);
  return json(200, view);
}

async function startRun(c: OpsContext): Promise<Response> {
  const { ops, access } = c.var;
  const job = jobNamed(ops, c.req.param("job"));
  const { name } = job;
  if (access === "call" && job.startedBy !== "call") {
    throw new HttpError(403, `"${name}" is not started by calls`);
  }
  if (job.startedBy === "app") throw new HttpError(409, `"${name}" is run by the app itself`);
  if (!isRunHere(job)) throw new HttpError(409, `"${name}" is run by a cron job of its own`);
  const body = await readJson(c, RunBody);
  return showRun(ops, await beginRun(c, job, body));
}

/** What is asked of a run by hand. */
export interface RunWish {
  readonly actor?: string | undefined;
  readonly runId?: string | undefined;
  readonly dryRun?: boolean | undefined;
  readonly input?: Readonly<Record<string, unknown>> | undefined;
}

/** Starts a run of a job that runs here and gives its id; refuses an input that the job does not take. */
export async function beginRun(c: OpsContext, job: ManifestJob, wish: RunWish): Promise<string> {
  const { ops } = c.var;
  if (ops.process.stop.signal.aborted) {
    throw new HttpError(503, "shutting down", { "retry-after": "5" });
  }
  const input = inputFor(job, wish.input);
  const actor = actorOf(c, wish.actor);
  const { dryRun = false } = wish;
  const given = wish.runId === undefined ? {} : { runId: wish.runId };
  const runId = ops.runs.start({ job: job.name, actor, dryRun, input, ...given });
  logChange(c, { actor, did: "run", job: job.name, runId, dryRun });
  return runId;
}

function inputFor(job: ManifestJob, input: RunWish["input"]) {
  try {
    return parseInput(job, input);
  } catch (error) {
    if (error instanceof ConfigurationError) throw new HttpError(400, error.message);
    throw error;
  }
}

/** The job of this name; refuses with the names that there are. */
export function jobNamed({ process }: Pick<Ops, "process">, name: string | undefined): ManifestJob {
  const { jobs } = process.manifest;
  const job = jobs.find((it) => it.name === name);
  if (job) return job;
  const known = jobs.map((it) => it.name).join(", ") || "none";
  throw new HttpError(404, `there is no job "${name}"; there are: ${known}`);
}

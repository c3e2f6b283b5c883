import * as z from "zod/mini";
import { isRunHere, type ManifestJob } from "../../contract/job.ts";
import { parseInput } from "../../jobs/catalog.ts";
import { jsonAnswer, readJson, Refusal } from "../json-api/exchange.ts";
import { ConfigurationError } from "../../contract/configuration-error.ts";
import { Actor, actorOf, noteChange } from "../actor.ts";
import { viewJob } from "../job-view.ts";
import type { Ops, OpsExchange, OpsRoute } from "../route.ts";
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

async function listJobs({ ops: { process } }: OpsExchange): Promise<Response> {
  const { jobs } = process.manifest;
  return jsonAnswer(200, { jobs: await Promise.all(jobs.map((job) => viewJob(process, job))) });
}

async function showJob({ ops, params }: OpsExchange): Promise<Response> {
  return jsonAnswer(200, await viewJob(ops.process, jobNamed(ops, params["job"])));
}

async function startRun(exchange: OpsExchange): Promise<Response> {
  const { ops, access, request } = exchange;
  const job = jobNamed(ops, exchange.params["job"]);
  const { name } = job;
  if (access === "call" && job.startedBy !== "call") {
    throw new Refusal(403, `"${name}" is not started by calls`);
  }
  if (job.startedBy === "app") throw new Refusal(409, `"${name}" is run by the app itself`);
  if (!isRunHere(job)) throw new Refusal(409, `"${name}" is run by a cron job of its own`);
  const body = await readJson(request, RunBody);
  return showRun(ops, await beginRun(exchange, job, body));
}

/** What is asked of a run by hand. */
export interface RunWish {
  readonly actor?: string | undefined;
  readonly runId?: string | undefined;
  readonly dryRun?: boolean | undefined;
  readonly input?: Readonly<Record<string, unknown>> | undefined;
}

/** Starts a run of a job that runs here and gives its id; refuses an input that the job does not take. */
export async function beginRun(
  exchange: OpsExchange,
  job: ManifestJob,
  wish: RunWish,
): Promise<string> {
  const { ops } = exchange;
  if (ops.process.stop.signal.aborted) {
    throw new Refusal(503, "shutting down", { "retry-after": "5" });
  }
  const input = inputFor(job, wish.input);
  const actor = actorOf(exchange, wish.actor);
  const { dryRun = false } = wish;
  const given = wish.runId === undefined ? {} : { runId: wish.runId };
  const runId = ops.runs.start({ job: job.name, actor, dryRun, input, ...given });
  noteChange(exchange, { actor, did: "run", job: job.name, runId, dryRun });
  return runId;
}

function inputFor(job: ManifestJob, input: RunWish["input"]) {
  try {
    return parseInput(job, input);
  } catch (error) {
    if (error instanceof ConfigurationError) throw new Refusal(400, error.message);
    throw error;
  }
}

/** The job of this name; refuses with the names that there are. */
export function jobNamed({ process }: Pick<Ops, "process">, name: string | undefined): ManifestJob {
  const { jobs } = process.manifest;
  const job = jobs.find((it) => it.name === name);
  if (job) return job;
  const known = jobs.map((it) => it.name).join(", ") || "none";
  throw new Refusal(404, `there is no job "${name}"; there are: ${known}`);
}

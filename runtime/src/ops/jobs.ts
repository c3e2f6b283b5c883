import * as z from "zod/mini";
import { bindSchedule } from "../contract/bindings.ts";
import { ConfigurationError } from "../contract/configuration-error.ts";
import { type ManifestJob, isRunHere } from "../contract/job.ts";
import { RUN_STATUSES, type RecordQuery } from "../contract/run-record.ts";
import { HttpError, json } from "../http.ts";
import { inputNames, parseInput } from "../jobs/catalog.ts";
import {
  limitOf,
  logChange,
  named,
  OPS_PATH,
  type OpsContext,
  type OpsRoute,
  readChange,
} from "./api.ts";
import type { RunProcess } from "../run/run.ts";
import { offsetAt } from "../schedule/zone.ts";
import { describeSchedule, nextRuns } from "../schedule/schedule.ts";

/** What a person or program asks of a manual run. */
const RUN = {
  runId: z.optional(z.uuid("should be a UUID")),
  dryRun: z.optional(z.boolean()),
  input: z.optional(z.record(z.string(), z.json())),
};
type ManualRun = z.infer<z.ZodMiniObject<typeof RUN>> & { readonly actor: string };

/** Jobs with their last and next runs, manual runs, and the history of runs. */
export const jobRoutes: readonly OpsRoute[] = [
  { method: "GET", path: "/ops/jobs", answer: listJobs },
  { method: "GET", path: "/ops/jobs/:job", answer: showJob },
  { method: "POST", path: "/ops/jobs/:job/run", openTo: "call", answer: startRun },
  { method: "GET", path: "/ops/runs", answer: listRuns },
  { method: "POST", path: "/ops/runs/:id/stop", answer: stopRun },
  {
    method: "GET",
    path: "/ops/runs/:id",
    openTo: "call",
    answer: (c) => showRun(c, c.req.param("id") ?? ""),
  },
];

async function listJobs(c: OpsContext): Promise<Response> {
  const { process } = c.var.ops;
  return json(200, { jobs: await viewJobs(process, process.manifest.jobs) });
}

async function showJob(c: OpsContext): Promise<Response> {
  const { process } = c.var.ops;
  const job = named("job", process.manifest.jobs, c.req.param("job") ?? "");
  const [view] = await viewJobs(process, [job]);
  return json(200, view);
}

async function startRun(c: OpsContext): Promise<Response> {
  const job = named("job", c.var.ops.process.manifest.jobs, c.req.param("job") ?? "");
  const { name } = job;
  if (c.var.access === "call" && job.startedBy !== "call") {
    throw new HttpError(403, `"${name}" is not started by calls`);
  }
  if (job.startedBy === "app") throw new HttpError(409, `"${name}" is run by the app itself`);
  if (!isRunHere(job)) {
    throw new HttpError(409, `"${name}" is run by a cron job, not by this process`);
  }
  return showRun(c, await beginRun(c, job, await readChange(c, RUN)));
}

/** Starts a run of a job that runs here and returns its id. Refuses an input that the job does not take. */
export async function beginRun(
  c: OpsContext,
  job: ManifestJob,
  { actor, dryRun = false, input, runId: own }: ManualRun,
): Promise<string> {
  const { process, runs } = c.var.ops;
  if (process.stop.signal.aborted)
    throw new HttpError(503, "shutting down", { "retry-after": "5" });
  const request = { job: job.name, actor, dryRun, input: inputFor(job, input) };
  const runId = await runs.start({ ...request, ...(own === undefined ? {} : { runId: own }) });
  logChange(c, { actor, did: "run", job: job.name, runId, dryRun });
  return runId;
}

function inputFor(job: ManifestJob, input: ManualRun["input"]) {
  try {
    return parseInput(job, input);
  } catch (error) {
    if (error instanceof ConfigurationError) throw new HttpError(400, error.message);
    throw error;
  }
}

/** How many next runs are shown. */
const NEXT_RUNS = 3;

/** A job as the API shows it. */
export type JobView = Awaited<ReturnType<typeof viewJobs>>[number];

/** The state of each job now. The records of all jobs take two queries. */
export async function viewJobs(process: RunProcess, jobs: readonly ManifestJob[]) {
  const names = jobs.map(({ name }) => name);
  const [last, lastOk] = await Promise.all([
    process.records.latest({ jobs: names }),
    process.records.latest({ jobs: names, status: "ok" }),
  ]);
  const views = jobs.map(async (job) => {
    const { name } = job;
    const known = { last: last.get(name) ?? null, lastOk: lastOk.get(name)?.startedAt ?? null };
    return { ...viewJob(process, job), ...known, toggles: await viewToggles(process, job) };
  });
  return await Promise.all(views);
}

function viewJob(process: RunProcess, { name, uses, startedBy, schedule: declared }: ManifestJob) {
  const schedule = declared && bindSchedule({ name, schedule: declared }, process.env);
  const now = process.clock.now();
  return {
    name,
    uses,
    startedBy,
    schedule: schedule ? describeSchedule(schedule, now) : null,
    timezone: schedule?.timezone ?? null,
    /** In the zone of the schedule and in UTC. */
    next: (schedule ? nextRuns(schedule, now, NEXT_RUNS) : []).map((at) => ({
      local: localTime(at, schedule?.timezone ?? "UTC"),
      utc: at.toISOString(),
    })),
    running: [...process.active.values()].filter((run) => run.job === name),
    /** The inputs of a manual run. */
    inputs: inputNames(uses),
  };
}

async function viewToggles({ toggles }: RunProcess, job: ManifestJob) {
  const names = job.toggles ?? [];
  return Promise.all(names.map(async (name) => ({ name, ...(await toggles.isOn(name)) })));
}

/** As `2026-03-29 10:00:00 GMT+02:00`. The offset distinguishes the two hours when clocks go back. */
function localTime(at: Date, timeZone: string): string {
  const offsetMs = offsetAt(timeZone, at.getTime());
  const local = new Date(at.getTime() + offsetMs).toISOString().slice(0, 19).replace("T", " ");
  const offset = new Date(Math.abs(offsetMs)).toISOString().slice(11, 16);
  return `${local} GMT${offsetMs < 0 ? "-" : "+"}${offset}`;
}

/** Answers 202 while the run is active, then its record. */
export async function showRun({ var: { ops } }: OpsContext, runId: string): Promise<Response> {
  const run = await ops.runs.find(runId);
  if (run === undefined) throw new HttpError(404, `there is no run ${runId}`);
  const location = { location: `${OPS_PATH}/runs/${runId}` };
  return run === "running" ? json(202, { runId, status: "running" }, location) : json(200, run);
}

/** Stops a run of this process. It is recorded as interrupted, and its slot does not run again. */
async function stopRun(c: OpsContext): Promise<Response> {
  const { process } = c.var.ops;
  const runId = c.req.param("id") ?? "";
  const { actor } = await readChange(c, {});
  const cancel = process.cancels.get(runId);
  if (!cancel && process.active.has(runId)) {
    throw new HttpError(409, "the app itself makes this run, so only the app can stop it");
  }
  if (!cancel) throw new HttpError(404, `this process is not making a run ${runId}`);
  logChange(c, { actor, did: "stop a run", runId });
  cancel();
  return showRun(c, runId);
}

async function listRuns(c: OpsContext): Promise<Response> {
  const query = historyQuery(c);
  return json(200, { runs: await c.var.ops.process.records.list(query) });
}

/** Default and maximum number of records in one answer. */
const RECORDS = { usual: 50, max: 500 };

/** A time, or a day in UTC. */
const Moment = z.union([z.iso.datetime({ offset: true }), z.iso.date()]);

/** Parses `?job&status&since&until&text&limit`. A day as `until` includes the whole day. */
function historyQuery(c: OpsContext): RecordQuery {
  const given = (name: string): string | undefined => c.req.query(name) || undefined;
  const limit = limitOf(c, RECORDS);
  const status = RUN_STATUSES.find((it) => it === given("status"));
  if (given("status") !== undefined && !status) {
    throw new HttpError(400, `status: should be one of ${RUN_STATUSES.join(", ")}`);
  }
  const since = momentOf("since", given("since"), "T00:00:00.000Z");
  const until = momentOf("until", given("until"), "T23:59:59.999Z");
  return { limit, status, since, until, job: given("job"), text: given("text") };
}

/** In UTC like the times of records, so that comparing the texts compares the times. */
function momentOf(name: string, given: string | undefined, timeOfDay: string): string | undefined {
  if (given === undefined) return undefined;
  if (!Moment.safeParse(given).success) {
    throw new HttpError(400, `${name}: should be a day or a time such as 2026-03-01T09:30:00Z`);
  }
  return new Date(given.includes("T") ? given : `${given}${timeOfDay}`).toISOString();
}

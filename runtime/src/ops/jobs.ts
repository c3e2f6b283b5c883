import * as z from "zod/mini";
import { bindSchedule } from "../contract/bindings.ts";
import { ConfigurationError } from "../contract/configuration-error.ts";
import { type ManifestJob, isRunHere } from "../contract/job.ts";
import type { RunRecord, RunStart } from "../contract/run-record.ts";
import { HttpError, json, readJson } from "../http.ts";
import { type InputName, inputNames, parseInput } from "../jobs/catalog.ts";
import { Actor, type Ops, type OpsContext, type OpsRoute, actorOf, logChange } from "./api.ts";
import { showRun } from "./runs.ts";
import type { RunProcess } from "../run/run.ts";
import { type Schedule, describeSchedule, nextRuns } from "../schedule/schedule.ts";

const RunBody = z.strictObject({
  actor: z.optional(Actor),
  runId: z.optional(z.uuid("should be a UUID")),
  dryRun: z.optional(z.boolean()),
  input: z.optional(z.record(z.string(), z.json())),
});

/** Jobs with their last and next runs, and manual runs. */
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
  if (!isRunHere(job))
    throw new HttpError(409, `"${name}" is run by a cron job, not by this process`);
  const body = await readJson(c, RunBody);
  return showRun(ops, await beginRun(c, job, body));
}

/** What a person or program asks of a manual run. */
export interface ManualRun {
  readonly actor?: string | undefined;
  readonly runId?: string | undefined;
  readonly dryRun?: boolean | undefined;
  readonly input?: Readonly<Record<string, unknown>> | undefined;
}

/** Starts a run of a job that runs here and returns its id. Refuses an input that the job does not take. */
export async function beginRun(
  c: OpsContext,
  job: ManifestJob,
  request: ManualRun,
): Promise<string> {
  const { ops } = c.var;
  if (ops.process.stop.signal.aborted) {
    throw new HttpError(503, "shutting down", { "retry-after": "5" });
  }
  const input = inputFor(job, request.input);
  const actor = actorOf(c, request.actor);
  const { dryRun = false } = request;
  const given = request.runId === undefined ? {} : { runId: request.runId };
  const runId = ops.runs.start({ job: job.name, actor, dryRun, input, ...given });
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

/** The job of this name, or a 404 that lists the known names. */
export function jobNamed({ process }: Pick<Ops, "process">, name: string | undefined): ManifestJob {
  const { jobs } = process.manifest;
  const job = jobs.find((it) => it.name === name);
  if (job) return job;
  const known = jobs.map((it) => it.name).join(", ") || "none";
  throw new HttpError(404, `there is no job "${name}"; there are: ${known}`);
}

/** How many next runs are shown. */
const NEXT_RUNS = 3;

/** A future run, in the zone of its schedule and in UTC. */
interface NextRun {
  readonly local: string;
  readonly utc: string;
}

/** A job as the API shows it. */
export interface JobView {
  readonly name: string;
  readonly uses: string;
  readonly startedBy: ManifestJob["startedBy"];
  readonly schedule: string | null;
  readonly timezone: string | null;
  readonly next: readonly NextRun[];
  readonly running: readonly RunStart[];
  readonly last: RunRecord | null;
  readonly lastOk: string | null;
  readonly toggles: readonly {
    readonly name: string;
    readonly on: boolean;
    readonly reason: string;
  }[];
  /** The inputs of a manual run. */
  readonly inputs: readonly InputName[];
}

/** The state of each job now. The records of all jobs take two queries. */
export async function viewJobs(
  process: RunProcess,
  jobs: readonly ManifestJob[],
): Promise<JobView[]> {
  const names = jobs.map(({ name }) => name);
  const last = await process.records.latest({ jobs: names });
  const lastOk = await process.records.latest({ jobs: names, status: "ok" });
  return await Promise.all(
    jobs.map((job) =>
      viewJob(process, job, { last: last.get(job.name), lastOk: lastOk.get(job.name) }),
    ),
  );
}

async function viewJob(
  process: RunProcess,
  job: ManifestJob,
  { last, lastOk }: { last: RunRecord | undefined; lastOk: RunRecord | undefined },
): Promise<JobView> {
  const schedule = job.schedule
    ? bindSchedule({ name: job.name, schedule: job.schedule }, process.env)
    : undefined;
  const now = process.clock.now();
  const toggles = (job.toggles ?? []).map(async (name) => ({
    name,
    ...(await process.toggles.isOn(name)),
  }));
  return {
    name: job.name,
    uses: job.uses,
    startedBy: job.startedBy,
    schedule: schedule ? describeSchedule(schedule, now) : null,
    timezone: schedule?.timezone ?? null,
    next: schedule ? comingRuns(schedule, now) : [],
    running: [...process.active.values()].filter((run) => run.job === job.name),
    last: last ?? null,
    lastOk: lastOk?.startedAt ?? null,
    toggles: await Promise.all(toggles),
    inputs: inputNames(job.uses),
  };
}

function comingRuns(schedule: Schedule, now: Date): NextRun[] {
  return nextRuns(schedule, now, NEXT_RUNS).map((at) => ({
    local: localTime(at, schedule.timezone),
    utc: at.toISOString(),
  }));
}

/** As `2026-03-29 10:00:00 GMT+02:00`. The offset distinguishes the two hours when clocks go back. */
function localTime(at: Date, timeZone: string): string {
  const { time, offset } = formatsOf(timeZone);
  const name = offset.formatToParts(at).find(({ type }) => type === "timeZoneName");
  return `${time.format(at)} ${name?.value ?? ""}`.trimEnd();
}

interface Formats {
  readonly time: Intl.DateTimeFormat;
  readonly offset: Intl.DateTimeFormat;
}

/** A format takes as long to create as a hundred times to use, and stacks have few zones. */
const formats = new Map<string, Formats>();

function formatsOf(timeZone: string): Formats {
  const known = formats.get(timeZone);
  if (known) return known;
  const time = { timeZone, dateStyle: "short", timeStyle: "medium" } as const;
  const created = {
    time: new Intl.DateTimeFormat("sv-SE", time),
    offset: new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset" }),
  };
  formats.set(timeZone, created);
  return created;
}

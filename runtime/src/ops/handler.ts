import * as z from "zod/mini";
import { isRunHere } from "../contract/job.ts";
import { answerJson, jsonAnswer, readJson, Refusal, requireMethod } from "../json-api/exchange.ts";
import type { Process } from "../run/process.ts";
import { RUN_STATUSES } from "../run-record.ts";
import { RUNTIME_VERSION } from "../version.ts";
import { viewJob } from "./job-view.ts";
import { type StartedRuns, startedRuns } from "./started-runs.ts";
import { accessOf, type Access } from "./token.ts";

/** Under which everything of it is. */
export const OPS_PATH = "/ops";

/** Records in an answer that names no number, and the most that one may ask for. */
const RECORDS_USUAL = 50;
const RECORDS_MAX = 500;

/** Who a run is recorded for, as it is said by `call` and by people. */
const Actor = z
  .string()
  .check(z.regex(/^(call|manual \S.{0,99})$/, "should be `call` or `manual <who>`"));

const RunBody = z.strictObject({
  actor: z.optional(Actor),
  runId: z.optional(z.uuid("should be a UUID")),
  dryRun: z.optional(z.boolean()),
});

/** What the handler may tell and do besides what the process knows. */
export interface OpsOptions {
  readonly runs?: StartedRuns;
  /** Added to `/ops/version`, such as the state of the app. */
  readonly about?: () => Readonly<Record<string, unknown>>;
}

/** What one request is answered from. */
interface Ops extends OpsOptions {
  readonly process: Process;
  readonly runs: StartedRuns;
  readonly startedAt: string;
}

/** Answers what operators ask and do under /ops, as JSON, and to nobody without a token. */
export function opsHandler(
  process: Process,
  options: OpsOptions = {},
): (request: Request) => Promise<Response> {
  const runs = options.runs ?? startedRuns(process);
  const ops: Ops = { ...options, process, runs, startedAt: new Date().toISOString() };
  return (request) =>
    answerJson(
      () => answer(ops, request),
      (error) => process.log.error({ err: error }, "an ops request failed"),
    );
}

async function answer(ops: Ops, request: Request): Promise<Response> {
  const access = accessOf(request, ops.process.env);
  const url = new URL(request.url);
  const [what = "", name, verb, ...rest] = url.pathname
    .slice(OPS_PATH.length + 1)
    .split("/")
    .map(decode);
  if (rest.length > 0) throw notFound();
  if (what === "jobs" && name !== undefined && verb === "run") {
    return startRun({ ops, access, request }, name);
  }
  if (verb !== undefined) throw notFound();
  requireMethod(request, "GET");
  if (what === "runs" && name !== undefined) return showRun(ops, name);
  if (access !== "ops") throw new Refusal(403, "this token only starts and reads runs");
  if (name !== undefined && what !== "jobs") throw notFound();
  return look(ops, { what, name, query: url.searchParams });
}

interface Look {
  readonly what: string;
  readonly name: string | undefined;
  readonly query: URLSearchParams;
}

async function look(ops: Ops, { what, name, query }: Look): Promise<Response> {
  const { process } = ops;
  switch (what) {
    case "jobs": {
      const { jobs } = process.manifest;
      if (name !== undefined) return jsonAnswer(200, await viewJob(process, jobNamed(ops, name)));
      return jsonAnswer(200, { jobs: await Promise.all(jobs.map((job) => viewJob(process, job))) });
    }
    case "runs":
      return jsonAnswer(200, { runs: await process.records.list(queryOf(query)) });
    case "toggles":
      return jsonAnswer(200, { toggles: process.toggles.all() });
    case "version":
      return jsonAnswer(200, version(ops));
    default:
      throw notFound();
  }
}

interface Asked {
  readonly ops: Ops;
  readonly access: Access;
  readonly request: Request;
}

async function startRun({ ops, access, request }: Asked, name: string): Promise<Response> {
  requireMethod(request, "POST");
  const job = jobNamed(ops, name);
  if (access === "call" && job.startedBy !== "call") {
    throw new Refusal(403, `"${name}" is not started by calls`);
  }
  if (job.startedBy === "app") throw new Refusal(409, `"${name}" is run by the app itself`);
  if (!isRunHere(job)) throw new Refusal(409, `"${name}" is run by a cron job of its own`);
  const body = await readJson(request, RunBody);
  if (ops.process.stop.signal.aborted) {
    throw new Refusal(503, "shutting down", { "retry-after": "5" });
  }
  const actor = body.actor ?? (access === "call" ? "call" : "manual ops");
  const { dryRun = false } = body;
  const given = body.runId === undefined ? {} : { runId: body.runId };
  const runId = ops.runs.start({ job: name, actor, dryRun, ...given });
  return showRun(ops, runId);
}

/** 202 while it runs, and then its record. */
async function showRun({ runs }: Ops, runId: string): Promise<Response> {
  const run = await runs.find(runId);
  if (run === undefined) throw new Refusal(404, `there is no run ${runId}`);
  const location = { location: `${OPS_PATH}/runs/${runId}` };
  return run === "running"
    ? jsonAnswer(202, { runId, status: "running" }, location)
    : jsonAnswer(200, run);
}

function jobNamed({ process }: Ops, name: string) {
  const { jobs } = process.manifest;
  const job = jobs.find((it) => it.name === name);
  if (job) return job;
  const known = jobs.map((it) => it.name).join(", ") || "none";
  throw new Refusal(404, `there is no job "${name}"; there are: ${known}`);
}

function queryOf(query: URLSearchParams) {
  const limit = Number(query.get("limit") ?? RECORDS_USUAL);
  if (!Number.isInteger(limit) || limit < 1 || limit > RECORDS_MAX) {
    throw new Refusal(400, `limit: should be a number from 1 to ${RECORDS_MAX}`);
  }
  const said = query.get("status");
  const status = RUN_STATUSES.find((it) => it === said);
  if (said !== null && !status) {
    throw new Refusal(400, `status: should be one of ${RUN_STATUSES.join(", ")}`);
  }
  const job = query.get("job");
  return { limit, ...(job === null ? {} : { job }), ...(status ? { status } : {}) };
}

function version({ process, startedAt, about }: Ops): Record<string, unknown> {
  const { system, stack, environment, process: name } = process.manifest;
  const { commit, host } = process;
  const runtime = RUNTIME_VERSION;
  return {
    system,
    stack,
    environment,
    process: name,
    commit,
    host,
    runtime,
    startedAt,
    ...about?.(),
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw notFound();
  }
}

function notFound(): Refusal {
  return new Refusal(404, "not found");
}

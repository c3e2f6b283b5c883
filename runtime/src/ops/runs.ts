import * as z from "zod/mini";
import { RUN_STATUSES, type RecordQuery } from "../contract/run-record.ts";
import { HttpError, json } from "../http.ts";
import { OPS_PATH, type Ops, type OpsContext, type OpsRoute } from "./api.ts";

/** The history of runs, and one run. */
export const runRoutes: readonly OpsRoute[] = [
  { method: "GET", path: "/ops/runs", answer: listRuns },
  {
    method: "GET",
    path: "/ops/runs/:id",
    openTo: "call",
    answer: (c) => showRun(c.var.ops, c.req.param("id") ?? ""),
  },
];

/** Answers 202 while the run is active, then its record. */
export async function showRun({ runs }: Ops, runId: string): Promise<Response> {
  const run = await runs.find(runId);
  if (run === undefined) throw new HttpError(404, `there is no run ${runId}`);
  const location = { location: `${OPS_PATH}/runs/${runId}` };
  return run === "running" ? json(202, { runId, status: "running" }, location) : json(200, run);
}

async function listRuns(c: OpsContext): Promise<Response> {
  const query = historyQuery(new URL(c.req.url).searchParams);
  return json(200, { runs: await c.var.ops.process.records.list(query) });
}

/** Default and maximum number of records in one answer. */
const RECORDS_DEFAULT = 50;
const RECORDS_MAX = 500;

/** A time, or a day in UTC. */
const Moment = z.union([z.iso.datetime({ offset: true }), z.iso.date()]);

/** Parses `?job&status&since&until&text&limit`. A day as `until` includes the whole day. */
function historyQuery(query: URLSearchParams): RecordQuery {
  const limit = Number(query.get("limit") ?? RECORDS_DEFAULT);
  if (!Number.isInteger(limit) || limit < 1 || limit > RECORDS_MAX) {
    throw new HttpError(400, `limit: should be a number from 1 to ${RECORDS_MAX}`);
  }
  const said = query.get("status") || null;
  const status = RUN_STATUSES.find((it) => it === said);
  if (said !== null && !status) {
    throw new HttpError(400, `status: should be one of ${RUN_STATUSES.join(", ")}`);
  }
  const since = momentOf(query, "since", "T00:00:00.000Z");
  const until = momentOf(query, "until", "T23:59:59.999Z");
  const job = query.get("job") || undefined;
  const text = query.get("text") || undefined;
  return {
    limit,
    ...(job === undefined ? {} : { job }),
    ...(status ? { status } : {}),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(text === undefined ? {} : { text }),
  };
}

/** In UTC like the times of records, so that comparing the texts compares the times. */
function momentOf(query: URLSearchParams, name: string, timeOfDay: string): string | undefined {
  const said = query.get(name);
  if (said === null || said === "") return undefined;
  if (!Moment.safeParse(said).success) {
    throw new HttpError(400, `${name}: should be a day or a time such as 2026-03-01T09:30:00Z`);
  }
  return new Date(said.includes("T") ? said : `${said}${timeOfDay}`).toISOString();
}

import { json, HttpError } from "../../http.ts";
import { historyQuery, readHistory } from "../run-history.ts";
import type { Ops, OpsContext, OpsRoute } from "../api.ts";
import { OPS_PATH } from "../api.ts";

/** What happened: the history of runs, and one run. */
export const runRoutes: readonly OpsRoute[] = [
  { method: "GET", path: "/ops/runs", answer: listRuns },
  {
    method: "GET",
    path: "/ops/runs/:id",
    openTo: "call",
    answer: (c) => showRun(c.var.ops, c.req.param("id") ?? ""),
  },
];

/** 202 while it runs, and then its record. */
export async function showRun({ runs }: Ops, runId: string): Promise<Response> {
  const run = await runs.find(runId);
  if (run === undefined) throw new HttpError(404, `there is no run ${runId}`);
  const location = { location: `${OPS_PATH}/runs/${runId}` };
  return run === "running" ? json(202, { runId, status: "running" }, location) : json(200, run);
}

async function listRuns(c: OpsContext): Promise<Response> {
  return json(200, {
    runs: await readHistory(
      c.var.ops.process.records,
      historyQuery(new URL(c.req.url).searchParams),
    ),
  });
}

import { jsonAnswer, Refusal } from "../json-api/exchange.ts";
import { historyQuery, readHistory } from "../run-history.ts";
import type { Ops, OpsExchange, OpsRoute } from "../route.ts";
import { OPS_PATH } from "../route-table.ts";

/** What happened: the history of runs, and one run. */
export const runRoutes: readonly OpsRoute[] = [
  { method: "GET", path: "/ops/runs", answer: listRuns },
  {
    method: "GET",
    path: "/ops/runs/:id",
    openTo: "call",
    answer: ({ ops, params }) => showRun(ops, params["id"] ?? ""),
  },
];

/** 202 while it runs, and then its record. */
export async function showRun({ runs }: Ops, runId: string): Promise<Response> {
  const run = await runs.find(runId);
  if (run === undefined) throw new Refusal(404, `there is no run ${runId}`);
  const location = { location: `${OPS_PATH}/runs/${runId}` };
  return run === "running"
    ? jsonAnswer(202, { runId, status: "running" }, location)
    : jsonAnswer(200, run);
}

async function listRuns({ ops, query }: OpsExchange): Promise<Response> {
  return jsonAnswer(200, { runs: await readHistory(ops.process.records, historyQuery(query)) });
}

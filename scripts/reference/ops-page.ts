import { OPS_PRESETS } from "../../runtime/src/systems/ops-presets.gen.ts";
import type { OpsRoute } from "../../runtime/src/ops/api.ts";
import { OPS_ROUTES } from "../../runtime/src/ops/app.ts";
import { code, renderTable, type Row } from "./markdown.ts";
import { OPS_SAYS, PRESET_SAYS } from "./ops-says.ts";

/** The HTTP API for operators: our own paths and those of the runbooks. */
export function renderOpsPage(): string {
  return [
    "The console is at `/ops`: one page for people, with all of this. Programs ask the same as JSON, with `OPSPEC_OPS_TOKEN` as `Authorization: Bearer …` or `x-ops-token`. Without that variable nothing answers, and the log says so. `OPSPEC_CALL_TOKEN` opens only the start of jobs that calls start, and their runs. `services/<key>/ops` opens single paths that only tell, to the machine itself or to anybody.",
    "No answer may be cached. A change takes `actor` (`manual <who>`), which is written to the record and the log. A request that starts a run is answered with 202 and `{ runId, status }`; `GET /ops/runs/<id>` returns its record when the run has finished. Each path is also available below `/ops/api`, where it cannot collide with a runbook's path.",
    renderTable(["request", "does", "also accepts"], OPS_ROUTES.map(routeRow(OPS_SAYS))),
    ...Object.entries(OPS_PRESETS).flatMap(([preset, { routes }]) => [
      `#### The paths of ${code(preset)}`,
      `With \`health/preset: ${preset}\`. The bodies are those of the runbook.`,
      renderTable(["request", "does", "also accepts"], routes.map(routeRow(PRESET_SAYS))),
    ]),
  ].join("\n\n");
}

function routeRow(says: Readonly<Record<string, string>>): (route: OpsRoute) => Row {
  return ({ method, path, openTo, tokenEnvs = [] }) => {
    const request = `${method} ${shown(path)}`;
    const text = says[request];
    if (text === undefined) {
      throw new Error(`ops-says.ts: has no text for ${request}. Add one there.`);
    }
    const others = [
      ...(openTo === "anybody" ? ["no token is needed"] : []),
      ...(openTo === "call" ? [code("OPSPEC_CALL_TOKEN")] : []),
      ...tokenEnvs.map(code),
    ];
    return [code(request), text, others.join(", ")];
  };
}

/** `/ops/jobs/:job` is `/ops/jobs/<job>`. */
function shown(path: string): string {
  return path.replaceAll(/:(\w+)(\{\.\+\})?/g, "<$1>");
}

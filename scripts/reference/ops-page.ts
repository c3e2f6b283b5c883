import { OPS_PRESETS } from "../../runtime/src/systems/ops-presets.gen.ts";
import type { OpsRoute } from "../../runtime/src/ops/route.ts";
import { OPS_ROUTES } from "../../runtime/src/ops/routes.ts";
import { code, renderTable, type Row } from "./markdown.ts";
import { OPS_SAYS, PRESET_SAYS } from "./ops-says.ts";

/** What operators ask and do over HTTP: our own paths, and those of the runbooks. */
export function renderOpsPage(): string {
  return [
    "The console is at `/ops`: one page for people, with all of this. Programs ask the same as JSON, with `OPSPEC_OPS_TOKEN` as `Authorization: Bearer …` or `x-ops-token`. Without that variable nothing answers, and the log says so. `OPSPEC_CALL_TOKEN` opens only the start of jobs that calls start, and their runs. `services/<key>/ops` opens single paths that only tell, to the machine itself or to anybody.",
    "No answer is kept by a cache. A change takes `actor` (`manual <who>`), which stands in the record and in the log. A run that was started is answered with 202 and `{ runId, status }`; `GET /ops/runs/<id>` has its record when it ended. Each path is also below `/ops/api`, where no runbook's path stands in its way.",
    renderTable(["request", "does", "also opened by"], OPS_ROUTES.flat().map(routeRow(OPS_SAYS))),
    ...Object.entries(OPS_PRESETS).flatMap(([preset, { routes }]) => [
      `#### The paths of ${code(preset)}`,
      `With \`health/preset: ${preset}\`, in the bodies of its runbook.`,
      renderTable(["request", "does", "also opened by"], routes.map(routeRow(PRESET_SAYS))),
    ]),
  ].join("\n\n");
}

function routeRow(says: Readonly<Record<string, string>>): (route: OpsRoute) => Row {
  return ({ method, path, openTo, tokenEnvs = [] }) => {
    const request = `${method} ${shown(path)}`;
    const text = says[request];
    if (text === undefined) {
      throw new Error(`ops-says.ts: says nothing of ${request}. Describe it there.`);
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
  return path.replaceAll(/[:*](\w+)/g, "<$1>");
}

import { jsonAnswer } from "../json-api/exchange.ts";
import { RUNTIME_VERSION } from "../../version.ts";
import { aboutFor, type OpsExchange, type OpsRoute } from "../route.ts";

/** What runs here. */
export const versionRoutes: readonly OpsRoute[] = [
  {
    method: "GET",
    path: "/ops/version",
    answer: async (exchange) => jsonAnswer(200, versionOf(exchange)),
  },
];

/** Which commit of which process of which stack this is, and since when. */
function versionOf(exchange: OpsExchange): Record<string, unknown> {
  const { process, startedAt } = exchange.ops;
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
    ...aboutFor(exchange),
  };
}

import { json } from "../../http.ts";
import { RUNTIME_VERSION } from "../../version.ts";
import { aboutFor, type OpsContext, type OpsRoute } from "../api.ts";

/** What runs here. */
export const versionRoutes: readonly OpsRoute[] = [
  {
    method: "GET",
    path: "/ops/version",
    answer: async (c) => json(200, versionOf(c)),
  },
];

/** Which commit of which process of which stack this is, and since when. */
function versionOf(c: OpsContext): Record<string, unknown> {
  const { process, startedAt } = c.var.ops;
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
    ...aboutFor(c),
  };
}

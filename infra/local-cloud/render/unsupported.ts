import { ApiError, notFound } from "../api-error.ts";
import type { CloudRoutes } from "../cloud.ts";
import { answer, emptyAnswer } from "./requests.ts";

/**
 * Lists that are always empty here, because nothing in this cloud creates their rows. Every request
 * for one of their rows answers 404.
 */
const EMPTY_LISTS = [
  "/artifact-sources",
  "/blueprints",
  "/maintenance",
  "/organizations/:orgId/audit-logs",
  "/owners/:ownerId/audit-logs",
  "/sandbox-groups",
  "/sandboxes",
  "/task-runs",
  "/tasks",
  "/workflows",
  "/workflowversions",
] as const;

/** Measurements. Nothing is measured here, so every series is empty. */
const METRICS = [
  "active-connections",
  "bandwidth",
  "bandwidth-sources",
  "cpu",
  "cpu-limit",
  "cpu-target",
  "disk-capacity",
  "disk-usage",
  "filters/application",
  "filters/http",
  "filters/path",
  "http-latency",
  "http-requests",
  "instance-count",
  "memory",
  "memory-limit",
  "memory-target",
  "replication-lag",
  "task-runs-completed",
  "task-runs-queued",
] as const;

/** An operation that this cloud refuses. */
export interface UnsupportedOperation {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly why: string;
}

const ARTIFACTS = "Artifacts are built outside of services, and this cloud builds none.";
const SANDBOXES = "This cloud starts no sandboxes.";
const WORKFLOWS = "This cloud runs no workflows.";
const OBJECTS = "This cloud has no object storage.";
const NO_SERVER = "A Postgres of this cloud is only recorded, so no server answers.";

/** Every operation of Render's API that has no meaning here. The reference shows this table. */
export const UNSUPPORTED: readonly UnsupportedOperation[] = [
  { method: "POST", path: "/artifact-sources", why: ARTIFACTS },
  { method: "GET", path: "/objects/:ownerId/:region", why: OBJECTS },
  { method: "GET", path: "/objects/:ownerId/:region/:key", why: OBJECTS },
  { method: "PUT", path: "/objects/:ownerId/:region/:key", why: OBJECTS },
  { method: "DELETE", path: "/objects/:ownerId/:region/:key", why: OBJECTS },
  { method: "GET", path: "/postgres/:postgresId/credentials", why: NO_SERVER },
  { method: "POST", path: "/postgres/:postgresId/credentials", why: NO_SERVER },
  { method: "DELETE", path: "/postgres/:postgresId/credentials/:username", why: NO_SERVER },
  { method: "POST", path: "/postgres/:postgresId/export", why: NO_SERVER },
  { method: "GET", path: "/postgres/:postgresId/query/processes", why: NO_SERVER },
  { method: "GET", path: "/postgres/:postgresId/query/sizes", why: NO_SERVER },
  { method: "GET", path: "/postgres/:postgresId/query/table-scans", why: NO_SERVER },
  { method: "GET", path: "/postgres/:postgresId/query/top-queries", why: NO_SERVER },
  { method: "GET", path: "/postgres/:postgresId/recovery", why: NO_SERVER },
  { method: "POST", path: "/postgres/:postgresId/recovery", why: NO_SERVER },
  { method: "POST", path: "/postgres/:postgresId/promote", why: NO_SERVER },
  { method: "POST", path: "/postgres/:postgresId/replication", why: NO_SERVER },
  { method: "POST", path: "/sandboxes", why: SANDBOXES },
  {
    method: "POST",
    path: "/services/:serviceId/ephemeral-shell",
    why: "This cloud has no machine to log in to.",
  },
  { method: "POST", path: "/task-runs", why: WORKFLOWS },
  { method: "POST", path: "/workflows", why: WORKFLOWS },
  { method: "POST", path: "/workflowversions", why: WORKFLOWS },
];

/** What this cloud does not have: refused operations, empty lists and metrics. */
export function addUnsupportedRoutes(api: CloudRoutes): void {
  for (const { method, path, why } of UNSUPPORTED) {
    api.on(method, path, () => {
      throw new ApiError(501, `not supported here: ${method} ${path}. ${why}`);
    });
  }
  for (const name of METRICS) api.get(`/metrics/${name}`, () => answer(200, []));
  // The command line reports how it is used, and needs no answer.
  api.post("/cli-telemetry-events", () => emptyAnswer(204));

  for (const list of EMPTY_LISTS) {
    api.get(list, () => answer(200, []));
    api.all(`${list}/:id`, ({ req }) => missing(req.param("id")));
    api.all(`${list}/:id/*`, ({ req }) => missing(req.param("id")));
  }
  api.on(["POST", "DELETE"], "/env-groups/:groupId/artifact-sources/:id", ({ req }) =>
    missing(req.param("id")),
  );
}

function missing(id = ""): never {
  throw notFound(id);
}

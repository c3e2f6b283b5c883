import { HttpError, json, readJson } from "../http.ts";
import { ActorBody, type OpsContext, type OpsRoute, actorOf, logChange } from "./api.ts";
import type { ProcessServices } from "../run/process.ts";
import {
  ALL_CACHES,
  namedCaches,
  refreshBounded,
  refreshRequestOf,
} from "../sources/caches/caches.ts";
import { viewQueues } from "../sources/queues/queues.ts";

/** Caches, which are refreshed in the background, and queues with their current lengths. */
export const sourceRoutes: readonly OpsRoute[] = [
  {
    method: "GET",
    path: "/ops/caches",
    answer: async ({ var: { ops } }) => json(200, { caches: ops.process.caches.snapshots() }),
  },
  { method: "POST", path: "/ops/caches/:bucket/refresh", answer: refresh },
  {
    method: "GET",
    path: "/ops/queues",
    answer: async ({ var: { ops } }) => json(200, { queues: await viewQueues(ops.process) }),
  },
];

async function refresh(c: OpsContext): Promise<Response> {
  const { process } = c.var.ops;
  const buckets = bucketsOf(process, c.req.param("bucket") ?? "");
  const { actor: said } = await readJson(c, ActorBody);
  const actor = actorOf(c, said);
  logChange(c, { actor, did: "refresh caches", buckets });
  const request = refreshRequestOf(actor);
  const { refreshed, running } = await refreshBounded(process.caches, buckets, request);
  const isOver = running.length === 0;
  return json(isOver ? 200 : 202, { refreshed, ...(isOver ? {} : { running }) });
}

function bucketsOf({ caches }: ProcessServices, asked: string): readonly string[] {
  const names = namedCaches(caches, asked);
  if (names) return names;
  const known = [...caches.snapshots().map(({ name }) => name), ALL_CACHES].join(", ");
  throw new HttpError(404, `there is no cache "${asked}"; there are: ${known}`);
}

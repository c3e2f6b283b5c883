import * as z from "zod/mini";
import { ALL_CACHES, namedCaches, refreshBounded } from "../../sources/caches/bounded-refresh.ts";
import { refreshRequestOf } from "../../sources/caches/refresh-request.ts";
import { jsonAnswer, readJson, Refusal } from "../json-api/exchange.ts";
import type { ProcessServices } from "../../run/process.ts";
import { Actor, actorOf, noteChange } from "../actor.ts";
import type { OpsExchange, OpsRoute } from "../route.ts";

const RefreshBody = z.strictObject({ actor: z.optional(Actor) });

/** Named data that is refreshed in the background. */
export const cacheRoutes: readonly OpsRoute[] = [
  {
    method: "GET",
    path: "/ops/caches",
    answer: async ({ ops }) => jsonAnswer(200, { caches: ops.process.caches.snapshots() }),
  },
  { method: "POST", path: "/ops/caches/:bucket/refresh", answer: refresh },
];

async function refresh(exchange: OpsExchange): Promise<Response> {
  const { process } = exchange.ops;
  const buckets = bucketsOf(process, exchange.params["bucket"] ?? "");
  const { actor: said } = await readJson(exchange.request, RefreshBody);
  const actor = actorOf(exchange, said);
  noteChange(exchange, { actor, did: "refresh caches", buckets });
  const request = refreshRequestOf(actor);
  const { refreshed, running } = await refreshBounded(process.caches, buckets, request);
  const isOver = running.length === 0;
  return jsonAnswer(isOver ? 200 : 202, { refreshed, ...(isOver ? {} : { running }) });
}

function bucketsOf({ caches }: ProcessServices, asked: string): readonly string[] {
  const names = namedCaches(caches, asked);
  if (names) return names;
  const known = [...caches.snapshots().map(({ name }) => name), ALL_CACHES].join(", ");
  throw new Refusal(404, `there is no cache "${asked}"; there are: ${known}`);
}

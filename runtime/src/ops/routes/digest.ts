import type { CacheSnapshot } from "../../sources/caches/cache-snapshot.ts";
import { json } from "../../http.ts";
import { aboutFor, type OpsContext, type OpsRoute } from "../api.ts";

/** How the process is in a few lines: its health, and how old its caches are. */
export const digestRoutes: readonly OpsRoute[] = [
  { method: "GET", path: "/ops/digest", answer: showDigest },
];

async function showDigest(c: OpsContext): Promise<Response> {
  const { process, health, startedAt } = c.var.ops;
  const now = process.clock.now();
  const { system, environment, process: name } = process.manifest;
  return json(200, {
    system,
    environment,
    process: name,
    commit: process.commit,
    health: health?.status() ?? "ok",
    uptime_seconds: Math.round((now.getTime() - Date.parse(startedAt)) / 1000),
    caches: process.caches.snapshots().map((it) => digestOf(it, now)),
    ...aboutFor(c),
  });
}

function digestOf(cache: CacheSnapshot, now: Date) {
  const { name, lastRefreshAt, nextRefreshAt, ttlExpired, result, error, retries, actor } = cache;
  const age = lastRefreshAt === null ? null : (now.getTime() - Date.parse(lastRefreshAt)) / 1000;
  return {
    name,
    age_seconds: age === null ? null : Math.max(0, Math.round(age)),
    next_refresh: nextRefreshAt,
    ttl_expired: ttlExpired,
    result,
    error,
    retries,
    last_actor: actor,
  };
}

import * as z from "zod/mini";
import { setTimeout as sleep } from "node:timers/promises";
import { HttpError, json } from "../http.ts";
import { type OpsContext, type OpsRoute, aboutFor, logChange, readChange } from "./api.ts";
import { reload } from "../run/reload.ts";
import type { CacheSnapshot } from "../sources/cache.ts";
import { RUNTIME_VERSION } from "../version.ts";

/** Longest reason of a restart. */
const REASON_MAX = 200;

/** Time to wait for an immediate refusal of a restart; stopping an app takes longer. */
const REFUSED_MS = 100;

const RESTART = {
  reason: z.prefault(z.string().check(z.maxLength(REASON_MAX)), "requested by an operator"),
};

/** Restarts the app, reloads toggles and caches, and describes the process. */
export const processRoutes: readonly OpsRoute[] = [
  { method: "POST", path: "/ops/restart", answer: restart },
  { method: "POST", path: "/ops/reload", answer: reloadAll },
  { method: "GET", path: "/ops/version", answer: showVersion },
  { method: "GET", path: "/ops/digest", answer: showDigest },
];

/**
 * Answers at once, because an app may take minutes to start. The result is in the log and in
 * `/ops/version`. Only an immediate refusal, such as during a restore, is in the answer.
 */
async function restart(c: OpsContext): Promise<Response> {
  const { process } = c.var.ops;
  const { actor, reason } = await readChange(c, RESTART);
  const { app, log } = process;
  if (!app) throw new HttpError(409, "this process supervises no app");
  logChange(c, { actor, did: "restart the app", reason });
  const problem = app.restart(`${actor}: ${reason}`).then(
    () => undefined,
    (error: unknown) => {
      log.error({ err: error }, "the app did not start again");
      return error instanceof Error ? error.message : "the app could not be restarted";
    },
  );
  const refused = await Promise.race([problem, sleep(REFUSED_MS)]);
  if (refused !== undefined) throw new HttpError(409, refused);
  return json(202, { restarting: true });
}

/** Reads toggles again and marks every cache as stale; caches keep their values until the refresh. */
async function reloadAll(c: OpsContext): Promise<Response> {
  const { process } = c.var.ops;
  const { actor } = await readChange(c, {});
  logChange(c, { actor, did: "reload" });
  return json(200, { reloaded: true, ...(await reload(process)) });
}

/** The commit, process and stack that run here, and since when. */
async function showVersion(c: OpsContext): Promise<Response> {
  const { process, startedAt } = c.var.ops;
  const { system, stack, environment, process: name } = process.manifest;
  const { commit, host } = process;
  const identity = { system, stack, environment, process: name, commit, host };
  return json(200, { ...identity, runtime: RUNTIME_VERSION, startedAt, ...aboutFor(c) });
}

/** A summary of the process: its health and the age of its caches. */
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

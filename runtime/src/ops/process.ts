import * as z from "zod/mini";
import { setTimeout as sleep } from "node:timers/promises";
import { HttpError, json, readJson } from "../http.ts";
import { Actor, type OpsContext, type OpsRoute, aboutFor, actorOf, logChange } from "./api.ts";
import { reload } from "../run/reload.ts";
import type { CacheSnapshot } from "../sources/caches/cache-snapshot.ts";
import { RUNTIME_VERSION } from "../version.ts";

/** Longest reason that is logged. */
const REASON_MAX = 200;

/** An app that cannot be restarted now says so within this time; to end one takes longer. */
const REFUSED_MS = 100;

const RestartBody = z.strictObject({
  actor: z.optional(Actor),
  reason: z.optional(z.string().check(z.maxLength(REASON_MAX))),
});

const ReloadBody = z.strictObject({ actor: z.optional(Actor) });

/** What is done with the whole process: its app started anew, and what it read read again. */
export const appRoutes: readonly OpsRoute[] = [
  { method: "POST", path: "/ops/restart", answer: restart },
  { method: "POST", path: "/ops/reload", answer: reloadAll },
];

/**
 * The answer comes at once: an app that takes minutes to start keeps nobody waiting. How it went is
 * in the log and under `/ops/version`. Only what is refused at once, such as while a restore has the
 * app stopped, is told in the answer.
 */
async function restart(c: OpsContext): Promise<Response> {
  const { process } = c.var.ops;
  const body = await readJson(c, RestartBody);
  const { app, log } = process;
  if (!app) throw new HttpError(409, "this process supervises no app");
  const actor = actorOf(c, body.actor);
  const reason = body.reason ?? "it was asked for";
  logChange(c, { actor, did: "restart the app", reason });
  const problem = app.restart(`${actor}: ${reason}`).then(
    () => undefined,
    (error: unknown) => {
      log.error({ err: error }, "the app did not come back");
      return error instanceof Error ? error.message : "it could not be restarted";
    },
  );
  const refused = await Promise.race([problem, sleep(REFUSED_MS)]);
  if (refused !== undefined) throw new HttpError(409, refused);
  return json(202, { restarting: true });
}

/** Toggles are read again and every cache counts as too old; the caches keep their values meanwhile. */
async function reloadAll(c: OpsContext): Promise<Response> {
  const { process } = c.var.ops;
  const body = await readJson(c, ReloadBody);
  const actor = actorOf(c, body.actor);
  logChange(c, { actor, did: "reload" });
  return json(200, { reloaded: true, ...(await reload(process)) });
}

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

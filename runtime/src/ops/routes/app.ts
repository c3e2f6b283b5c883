import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod/mini";
import { json, readJson, HttpError } from "../../http.ts";
import { reload } from "../../run/reload.ts";
import { Actor, actorOf, logChange } from "../api.ts";
import type { OpsContext, OpsRoute } from "../api.ts";

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

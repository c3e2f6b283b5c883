import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod/mini";
import { jsonAnswer, readJson, Refusal } from "../json-api/exchange.ts";
import { reload } from "../../run/reload.ts";
import { Actor, actorOf, noteChange } from "../actor.ts";
import type { OpsExchange, OpsRoute } from "../route.ts";

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
async function restart(exchange: OpsExchange): Promise<Response> {
  const { process } = exchange.ops;
  const body = await readJson(exchange.request, RestartBody);
  const { app, log } = process;
  if (!app) throw new Refusal(409, "this process supervises no app");
  const actor = actorOf(exchange, body.actor);
  const reason = body.reason ?? "it was asked for";
  noteChange(exchange, { actor, did: "restart the app", reason });
  const problem = app.restart(`${actor}: ${reason}`).then(
    () => undefined,
    (error: unknown) => {
      log.error({ err: error }, "the app did not come back");
      return error instanceof Error ? error.message : "it could not be restarted";
    },
  );
  const refused = await Promise.race([problem, sleep(REFUSED_MS)]);
  if (refused !== undefined) throw new Refusal(409, refused);
  return jsonAnswer(202, { restarting: true });
}

/** Toggles are read again and every cache counts as too old; the caches keep their values meanwhile. */
async function reloadAll(exchange: OpsExchange): Promise<Response> {
  const { process } = exchange.ops;
  const body = await readJson(exchange.request, ReloadBody);
  const actor = actorOf(exchange, body.actor);
  noteChange(exchange, { actor, did: "reload" });
  return jsonAnswer(200, { reloaded: true, ...(await reload(process)) });
}

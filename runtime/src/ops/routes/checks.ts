import * as z from "zod/mini";
import { jsonAnswer, readJson } from "../json-api/exchange.ts";
import { Actor } from "../actor.ts";
import { checkEverything } from "../checks/check-items.ts";
import type { OpsExchange, OpsRoute } from "../route.ts";

const RunBody = z.strictObject({ actor: z.optional(Actor) });

/** What runbooks call smoke tests and verification. */
export const checkRoutes: readonly OpsRoute[] = [
  {
    method: "GET",
    path: "/ops/checks",
    answer: async ({ ops }) => jsonAnswer(200, await checkEverything(ops)),
  },
  { method: "POST", path: "/ops/checks/run", answer: runChecks },
  { method: "GET", path: "/ops/verify", answer: verify },
];

/** Looks at everything again, instead of telling what the background found some seconds ago. */
async function runChecks({ ops, request }: OpsExchange): Promise<Response> {
  await readJson(request, RunBody);
  await Promise.all([ops.health?.probe(), ops.process.toggles.reload()]);
  return jsonAnswer(200, await checkEverything(ops));
}

async function verify({ ops }: OpsExchange): Promise<Response> {
  const { overall, items } = await checkEverything(ops);
  const gitSha = ops.process.commit ?? "unknown";
  return jsonAnswer(200, { ok: overall !== "FAIL", git_sha: gitSha, overall, items });
}

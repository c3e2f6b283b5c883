import * as z from "zod/mini";
import { json, readJson } from "../../http.ts";
import { Actor } from "../api.ts";
import { checkEverything } from "../checks/check-items.ts";
import type { OpsContext, OpsRoute } from "../api.ts";

const RunBody = z.strictObject({ actor: z.optional(Actor) });

/** What runbooks call smoke tests and verification. */
export const checkRoutes: readonly OpsRoute[] = [
  {
    method: "GET",
    path: "/ops/checks",
    answer: async ({ var: { ops } }) => json(200, await checkEverything(ops)),
  },
  { method: "POST", path: "/ops/checks/run", answer: runChecks },
  { method: "GET", path: "/ops/verify", answer: verify },
];

/** Looks at everything again, instead of telling what the background found some seconds ago. */
async function runChecks(c: OpsContext): Promise<Response> {
  await readJson(c, RunBody);
  const { ops } = c.var;
  await Promise.all([ops.health?.probe(), ops.process.toggles.reload()]);
  return json(200, await checkEverything(ops));
}

async function verify({ var: { ops } }: OpsContext): Promise<Response> {
  const { overall, items } = await checkEverything(ops);
  const gitSha = ops.process.commit ?? "unknown";
  return json(200, { ok: overall !== "FAIL", git_sha: gitSha, overall, items });
}

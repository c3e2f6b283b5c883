import { json, readJson } from "../../http.ts";
import { ActorBody, actorOf, logChange } from "../api.ts";
import {
  type MigrationRunView,
  runPendingMigrations,
  viewMigrations,
} from "../migration-status.ts";
import type { OpsContext, OpsRoute } from "../api.ts";

/** Migrations of the app's SQLite database: how they stand, and those that are pending run by hand. */
export const migrationRoutes: readonly OpsRoute[] = [
  {
    method: "GET",
    path: "/ops/migrations",
    answer: async ({ var: { ops } }) => json(200, await viewMigrations(ops.process)),
  },
  {
    method: "POST",
    path: "/ops/migrations/run",
    answer: async (c) => {
      const run = await runMigrationsByHand(c);
      return json(run.failed.length === 0 ? 200 : 500, run);
    },
  },
];

/** Runs what is pending for who asks, and says in the log who that was. */
export async function runMigrationsByHand(c: OpsContext): Promise<MigrationRunView> {
  const body = await readJson(c, ActorBody);
  const run = await runPendingMigrations(c.var.ops.process);
  logChange(c, { actor: actorOf(c, body.actor), did: "migrate", ...run });
  return run;
}

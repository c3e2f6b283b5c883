import * as z from "zod/mini";
import { jsonAnswer, readJson } from "../json-api/exchange.ts";
import { Actor, actorOf, noteChange } from "../actor.ts";
import {
  type MigrationRunView,
  runPendingMigrations,
  viewMigrations,
} from "../migration-status.ts";
import type { OpsExchange, OpsRoute } from "../route.ts";

/** Migrations of the app's SQLite database: how they stand, and those that are pending run by hand. */
export const migrationRoutes: readonly OpsRoute[] = [
  {
    method: "GET",
    path: "/ops/migrations",
    answer: async ({ ops }) => jsonAnswer(200, await viewMigrations(ops.process)),
  },
  {
    method: "POST",
    path: "/ops/migrations/run",
    answer: async (exchange) => {
      const run = await runMigrationsByHand(exchange);
      return jsonAnswer(run.failed.length === 0 ? 200 : 500, run);
    },
  },
];

const RunBody = z.strictObject({ actor: z.optional(Actor) });

/** Runs what is pending for who asks, and says in the log who that was. */
export async function runMigrationsByHand(exchange: OpsExchange): Promise<MigrationRunView> {
  const body = await readJson(exchange.request, RunBody);
  const run = await runPendingMigrations(exchange.ops.process);
  noteChange(exchange, { actor: actorOf(exchange, body.actor), did: "migrate", ...run });
  return run;
}

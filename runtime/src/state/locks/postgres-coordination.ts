import type { Coordination } from "../coordination.ts";
import { isPooledByTransaction } from "../../databases/migrate/advisory-lock.ts";
import {
  type Database,
  openDatabase,
  POSTGRES_ANSWER_MS,
} from "../../databases/postgres/database.ts";
import { ensureTable } from "../../databases/postgres/tables.ts";
import { ConfigurationError } from "../../contract/configuration-error.ts";
import type { Env } from "../../contract/env.ts";
import { StoreError } from "../stores/store-error.ts";
import { untilItWorks } from "../stores/until-it-works.ts";
import { acquireLease, leaseHolder, LEASES_DDL, waitForLease } from "./postgres-leases.ts";
import { claimSlot, SLOTS_DDL } from "./postgres-slots.ts";

/** Leases and slots in tables of ours in the app's database. */
export async function openPostgresCoordination(urlEnv: string, env: Env): Promise<Coordination> {
  const database = await openDatabase(urlEnv, env);
  const slotsReady = untilItWorks(() => ensureTable(database.query, "opspec_slots", SLOTS_DDL));
  const leasesReady = untilItWorks(async () => {
    await refusePooler(database);
    await slotsReady();
    await ensureTable(database.query, "opspec_leases", LEASES_DDL);
  });
  return {
    acquire: async (request) => {
      await leasesReady();
      return await acquireLease(database, request);
    },
    waitFor: async (request, signal) => {
      await leasesReady();
      return await waitForLease(database, request, signal);
    },
    claimSlot: async (request, slot) => {
      await slotsReady();
      return await claimSlot(database, request, slot);
    },
    holderOf: async (name) => {
      await leasesReady();
      return await leaseHolder(database, name);
    },
    close: () => database.close(),
  };
}

/** Behind a pooler that lends connections, a lock would be held by whoever comes next. */
async function refusePooler(database: Database): Promise<void> {
  const { where, config } = database;
  const { Client } = await import("pg");
  const clients = [0, 1].map(() => new Client({ ...config, query_timeout: POSTGRES_ANSWER_MS }));
  try {
    await Promise.all(
      clients.map(async (client) => {
        client.on("error", () => {});
        await client.connect();
      }),
    );
    const [first, second] = clients;
    if (!first || !second || !(await isPooledByTransaction(first, second))) return;
  } catch (error) {
    throw new StoreError({ where, verb: "take a lock" }, error);
  } finally {
    await Promise.allSettled(clients.map((client) => client.end()));
  }
  const message = "leads through a pooler that lends connections by transaction.";
  const remedy = "A lock would be anybody's: use the direct URL of the database.";
  throw new ConfigurationError([{ where, message, remedy }]);
}

import type { Database } from "./database.ts";

/**
 * Our tables have a schema of their own: tools that compare the app's schema with its migrations
 * (Alembic, Prisma) look at `public` and would ask to drop what they do not know.
 */
export const SCHEMA = "opspec";

/** Any number that no app uses; `CREATE … IF NOT EXISTS` alone fails when two processes do it at once. */
const CREATION_LOCK = 715_517_001;

/** Makes a table of ours, and what belongs to it, when it is missing. Any number of processes may do so at once. */
export async function ensureTable(database: Database, table: string, ddl: string): Promise<void> {
  const verb = `look for the table ${SCHEMA}.${table}`;
  const [row] = await database.query(verb, "SELECT to_regclass($1) IS NOT NULL AS there", [
    `${SCHEMA}.${table}`,
  ]);
  if (row?.["there"] === true) return;
  // Several statements in one text are one transaction, so that the lock lasts until all is there.
  await database.query(
    `make the table ${SCHEMA}.${table}`,
    `SELECT pg_advisory_xact_lock(${CREATION_LOCK});
     SET LOCAL client_min_messages = warning;
     CREATE SCHEMA IF NOT EXISTS ${SCHEMA};
     ${ddl}`,
  );
}

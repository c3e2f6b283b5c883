import type { Query } from "../sql-database.ts";

/**
 * Our tables have a schema of their own: tools that compare the app's schema with its migrations
 * (Alembic, Prisma) look at `public` and would ask to drop what they do not know.
 */
export const SCHEMA = "opspec";

/** Any number that no app uses; `CREATE … IF NOT EXISTS` alone fails when two processes do it at once. */
const CREATION_LOCK = 715_517_001;

/** Creates a table or an index of ours when it is missing. Any number of processes may do so at once. */
export async function ensureTable(query: Query, relation: string, ddl: string): Promise<void> {
  const name = `${SCHEMA}.${relation}`;
  const [row] = await query(`look for ${name}`, "SELECT to_regclass($1) IS NOT NULL AS there", [
    name,
  ]);
  if (row?.["there"] === true) return;
  // Several statements in one text are one transaction, so that the lock lasts until all is there.
  await query(
    `create ${name}`,
    `SELECT pg_advisory_xact_lock(${CREATION_LOCK});
     SET LOCAL client_min_messages = warning;
     CREATE SCHEMA IF NOT EXISTS ${SCHEMA};
     ${ddl}`,
  );
}

import { dryRunOutcome, type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import { openDatabase, openSession, type Session } from "../../databases/postgres.ts";
import { type Clock, SYSTEM_CLOCK } from "../../run/clock.ts";
import { StoreError } from "../../databases/sql-database.ts";
import { purgeJob } from "./options.ts";
import { findTables, type OldRows } from "./table.ts";

const DATABASE_URL = "DATABASE_URL";

/** Default column: Prisma's name. */
const COLUMN = "created_at";

/** Default size of a batch: its locks last some milliseconds, and a million rows take minutes. */
const BATCH = 1_000;

/** Time limit of a batch. Without an index on the column each batch scans the whole table. */
const BATCH_LIMIT_MS = 120_000;

const DAY_MS = 86_400_000;

/** Deletes rows that are too old, table by table. A run that is stopped has deleted whole batches. */
export async function work(context: JobContext, clock: Clock = SYSTEM_CLOCK): Promise<JobOutcome> {
  const options = purgeJob.options.parse(context.options);
  const { tables, column = COLUMN, urlEnv = DATABASE_URL, retentionDays } = options;
  // One cutoff for all tables and batches.
  const cutoff = new Date(clock.now().getTime() - retentionDays * DAY_MS).toISOString();
  return withSession(context, urlEnv, async (session) => {
    const found = await findTables(session, { job: context.job, tables, column });
    const about = { cutoff, retentionDays, ...reportFiltered(context, found) };
    if (context.dryRun) {
      const wouldDelete = await countAll(session, found, cutoff);
      return dryRunOutcome({ ...about, wouldDelete });
    }
    const { batch = BATCH } = options;
    const purge = { session, cutoff, batch, signal: context.signal };
    return { status: "ok", details: { ...about, ...(await deleteAll(purge, found)) } };
  });
}

/** Reports tables with hidden rows, so that missing rights do not look like a purged table. */
function reportFiltered({ log }: JobContext, found: readonly OldRows[]): { filtered?: string[] } {
  const filtered = found.filter((it) => it.isFiltered).map(({ name }) => name);
  if (filtered.length === 0) return {};
  log.warn({ tables: filtered }, "row-level security hides rows from this login; those rows stay");
  return { filtered };
}

/** Opens a connection for the run, and destroys it if the run must end. */
async function withSession<T>(
  { env, signal }: JobContext,
  urlEnv: string,
  run: (session: Session) => Promise<T>,
): Promise<T> {
  const { where, config } = await openDatabase(urlEnv, env);
  try {
    const session = await openSession(where, config);
    signal.addEventListener("abort", session.destroy, { once: true });
    try {
      return await run(session);
    } finally {
      signal.removeEventListener("abort", session.destroy);
      await session.end();
    }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    throw JobFailure.temporary(error.message);
  }
}

interface Purge {
  readonly session: Session;
  readonly cutoff: string;
  readonly batch: number;
  readonly signal: AbortSignal;
}

/** Number of deleted rows by table. */
interface Deleted {
  readonly deleted: Readonly<Record<string, number>>;
  readonly total: number;
  readonly batches: number;
}

/** A failure reports what was deleted before it, because each batch is committed. */
async function deleteAll(purge: Purge, tables: readonly OldRows[]): Promise<Deleted> {
  const deleted: Record<string, number> = Object.fromEntries(tables.map(({ name }) => [name, 0]));
  let batches = 0;
  const soFar = (): Deleted => {
    const total = Object.values(deleted).reduce((sum, it) => sum + it, 0);
    return { deleted, total, batches };
  };
  for (const table of tables) {
    for (let rows = purge.batch; rows === purge.batch; batches += 1) {
      try {
        purge.signal.throwIfAborted();
        rows = await deleteBatch(purge, table);
      } catch (error) {
        throw batchFailure(error, table, { ...soFar() });
      }
      deleted[table.name] = (deleted[table.name] ?? 0) + rows;
    }
  }
  return soFar();
}

/**
 * Classes of SQLSTATEs that a retry does not change: data, constraints, rights and triggers.
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const REFUSED = /^(0A|22|23|2F|42|44|P0)/;

/** Foreign key violation. */
const REFERRED = "23503";

/** Does not repeat the text of the error, which may contain the row. */
function batchFailure(
  error: unknown,
  { name }: OldRows,
  details: Readonly<Record<string, unknown>>,
): JobFailure {
  if (!(error instanceof StoreError)) {
    return new JobFailure("the run was ended between two batches", { details, cause: error });
  }
  const { code = "", message } = error;
  if (!REFUSED.test(code)) {
    return JobFailure.temporary(message, { details, cause: error });
  }
  const why =
    code === REFERRED
      ? `rows of another table refer to old ones (${code}). Purge that table first, or add ON DELETE CASCADE.`
      : `the database refused to delete old rows (${code}). See its log.`;
  return new JobFailure(`${name}: ${why}`, { details, cause: error });
}

/**
 * One statement, which is one transaction. It skips locked rows.
 *
 * It finds rows by ctid, which is unique only together with the partition (tableoid).
 */
async function deleteBatch(
  { session, cutoff, batch }: Purge,
  { name, table, isOld }: OldRows,
): Promise<number> {
  const text = `
    WITH old AS MATERIALIZED (
      SELECT tableoid, ctid FROM ${table} WHERE ${isOld} LIMIT $2 FOR UPDATE SKIP LOCKED
    ), gone AS (
      DELETE FROM ${table} t USING old WHERE t.tableoid = old.tableoid AND t.ctid = old.ctid
      RETURNING 1
    )
    SELECT count(*)::int AS rows FROM gone`;
  const [row] = await session.query(`delete old rows of ${name}`, text, {
    values: [cutoff, batch],
    limitMs: BATCH_LIMIT_MS,
  });
  return Number(row?.["rows"]);
}

async function countAll(
  session: Session,
  tables: readonly OldRows[],
  cutoff: string,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { name, table, isOld } of tables) {
    const text = `SELECT count(*) AS rows FROM ${table} WHERE ${isOld}`;
    const [row] = await session.query(`count old rows of ${name}`, text, {
      values: [cutoff],
      limitMs: BATCH_LIMIT_MS,
    });
    counts[name] = Number(row?.["rows"]);
  }
  return counts;
}

import { errorWords } from "../health/error-words.ts";

/** A value that both dialects store in the same way. Times are ISO 8601 in UTC or epoch milliseconds. */
export type SqlValue = string | number | bigint | null;

/**
 * A row of an answer. Postgres returns `bigint` and `count(*)` as text, so read numbers with
 * `Number(row["count"])` and texts with `String(row["name"])`.
 */
export type Row = Record<string, unknown>;

/** Runs one statement. `verb` completes "could not …" in the error message. */
export type Query = (verb: string, text: string, values?: readonly SqlValue[]) => Promise<Row[]>;

/**
 * A SQLite file (or `:memory:`) or a Postgres, behind one interface and, where possible, one SQL text.
 *
 * How to write a text for both dialects:
 * - Parameters are `$1`, `$2`, …; SQLite gets them as `?1`, `?2`, ….
 * - Write tables with their schema, as `opspec.opspec_runs`; SQLite has no schemas, so the prefix
 *   `opspec.` is removed there. Every table, index and sequence of ours starts with `opspec_`.
 * - Use columns of type `text` and `bigint` only, `ON CONFLICT (…) DO UPDATE SET … = excluded.…`,
 *   and `RETURNING` to learn whether a row was written: the answer is one row a changed row.
 * - Postgres infers the type of a parameter from the column beside it. Where there is none, as in
 *   `$1 IS NULL` or in a list of `SELECT`, write `CAST($1 AS text)` or `CAST($1 AS bigint)`.
 * - Where the dialects differ, choose by `database.dialect`.
 *
 * How to use it:
 * ```ts
 * const DDL = `
 *   CREATE TABLE IF NOT EXISTS opspec.opspec_things (
 *     stack text NOT NULL, name text NOT NULL, count bigint NOT NULL, PRIMARY KEY (stack, name)
 *   );
 *   CREATE INDEX IF NOT EXISTS opspec_things_by_count ON opspec.opspec_things (stack, count);`;
 * await database.ensure("opspec_things", DDL); // before each use: only the first call does anything
 * const [row] = await database.query("count a thing", UPSERT_RETURNING_COUNT, [stack, name]);
 * ```
 * A Postgres may hold the rows of several stacks, so every table has a column `stack`
 * (`stackNamespace(manifest)`). Every failure is a `StoreError`; another attempt may succeed.
 */
export interface SqlDatabase {
  readonly dialect: "sqlite" | "postgres";
  /** The path of the file, or the name of the variable with the URL: its name in messages. */
  readonly where: string;
  /** Whether its rows outlive the process; false for `:memory:`. */
  readonly isKept: boolean;
  /**
   * Creates a table or an index when it is missing; any number of processes may do so at once.
   *
   * @param relation name without the schema, such as `opspec_runs`
   * @param ddl statements with `IF NOT EXISTS`
   */
  ensure(relation: string, ddl: string): Promise<void>;
  /** Rows of one statement. */
  readonly query: Query;
  /**
   * Runs several statements as one, and no other transaction at the same time, as far as `work` can
   * tell. `work` may be called again after a conflict, so it must have no other effect, and it must
   * await nothing but its queries: in SQLite all other statements of the process wait for it.
   */
  transaction<T>(verb: string, work: (query: Query) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** What a store is called in messages, and what was being done. */
interface Failure {
  /** Name of the variable with its URL, or its path. */
  readonly where: string;
  /** Such as `store the run record`. */
  readonly verb: string;
  /** What is likely to help. */
  readonly remedy?: string | undefined;
}

/**
 * A store or a lock did not do what it was asked: away, full, or not permitted.
 *
 * Another try may help. It carries no cause, because drivers write hosts, users and URLs into
 * their errors, and a log line shows causes.
 */
export class StoreError extends Error {
  override readonly name = "StoreError";
  /** The driver's code, such as ECONNREFUSED or 42501. */
  readonly code: string | undefined;

  constructor({ where, verb, remedy }: Failure, cause: unknown) {
    super(`${where}: could not ${verb}: ${errorWords(cause)}. ${remedy ?? REMEDY}`);
    this.code =
      cause instanceof Error && "code" in cause && typeof cause.code === "string"
        ? cause.code
        : undefined;
  }
}

const REMEDY = "See whether it is up and whether this process may use it.";

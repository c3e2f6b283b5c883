import {
  ConfigurationError,
  type ConfigurationProblem,
} from "../../contract/configuration-error.ts";
import type { Session } from "../../databases/postgres.ts";
import type { PurgeTable } from "./options.ts";

/** A table to purge, as parts of SQL. */
export interface OldRows {
  /** Name in the options. */
  readonly name: string;
  /** Quoted, with its schema. */
  readonly table: string;
  /** Condition: the row is older than $1. */
  readonly isOld: string;
  /** Row-level security hides rows from this login. */
  readonly isFiltered: boolean;
}

/**
 * Expression for $1 by the type of the column, as `format_type` without precision.
 *
 * A time without a zone is in UTC, as Prisma writes it. Postgres would use the zone of the session.
 */
const COMPARISONS: Readonly<Record<string, string>> = {
  "timestamp with time zone": "$1::timestamptz",
  "timestamp without time zone": "($1::timestamptz AT TIME ZONE 'UTC')",
  date: "($1::timestamptz AT TIME ZONE 'UTC')::date",
};

/**
 * Returns one row of facts for each wanted table.
 *
 * It does not use `to_regclass`, which fails for all tables if the login may not use one schema.
 */
const FACTS = `
  SELECT wanted.n::int AS n, format_type(a.atttypid, NULL) AS type,
    c.oid IS NOT NULL AS is_there, c.relkind IN ('r', 'p') AS is_table,
    has_schema_privilege(c.relnamespace, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
      AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE') AS is_allowed,
    row_security_active(c.oid) AS is_filtered
  FROM unnest($1::text[], $2::text[], $3::text[])
    WITH ORDINALITY AS wanted (schema_name, table_name, column_name, n)
  LEFT JOIN pg_class c ON c.relname = wanted.table_name AND CASE
    WHEN wanted.schema_name IS NULL THEN pg_table_is_visible(c.oid)
    ELSE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = wanted.schema_name) END
  LEFT JOIN pg_attribute a
    ON a.attrelid = c.oid AND a.attname = wanted.column_name AND a.attnum > 0 AND NOT a.attisdropped
  ORDER BY n`;

/** A table of the options. */
interface Wanted {
  readonly name: string;
  readonly column: string;
  readonly where: string;
  /** Without a schema the search path applies. */
  readonly schema: string | null;
  /** Undefined if the name cannot be parsed. */
  readonly table: string | undefined;
}

type Facts = Readonly<Record<string, unknown>>;

/** Checks all tables before any row is deleted. Throws a ConfigurationError with every problem. */
export async function findTables(
  session: Session,
  { job, tables, column }: { job: string; tables: readonly PurgeTable[]; column: string },
): Promise<OldRows[]> {
  const wanted = tables.map((it, at): Wanted => {
    const { table: name, column: own = column } = typeof it === "string" ? { table: it } : it;
    const [, schema, table] = NAME.exec(name)?.map((part) => part && unquoted(part)) ?? [];
    const where = `jobs/${job}/options/tables/${at}`;
    return { name, column: own, where, schema: schema ?? null, table };
  });
  const values = [
    wanted.map(({ schema }) => schema),
    wanted.map(({ table }) => table ?? ""),
    wanted.map((it) => it.column),
  ];
  const rows = await session.query("check the tables", FACTS, { values });
  const problems = wanted.flatMap((it, at) => problemOf(it, rows[at] ?? {}));
  if (problems.length > 0) throw new ConfigurationError(problems);
  return wanted.map((it, at) => oldRows(it, rows[at] ?? {}));
}

/** One part of a name, quoted as in SQL or plain. Prisma's names have capitals. */
const PART = String.raw`("(?:[^"]|"")+"|[^".][^.]*)`;
const NAME = new RegExp(`^(?:${PART}\\.)?${PART}$`);

function unquoted(part: string): string {
  return part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part;
}

function problemOf({ name, table, column, where }: Wanted, row: Facts): ConfigurationProblem[] {
  if (table === undefined) {
    const remedy = 'Write table or schema.table, and a part with a dot in it as "part".';
    return [{ where, message: `"${name}" is not a name of a table.`, remedy }];
  }
  if (row["is_there"] !== true) {
    const remedy = "Correct its name, or migrate the database first.";
    return [{ where, message: `there is no table "${name}".`, remedy }];
  }
  if (row["is_table"] !== true) {
    return [{ where, message: `"${name}" is not a table.`, remedy: "Use the table behind it." }];
  }
  if (row["type"] === null) {
    const message = `"${name}" has no column "${column}".`;
    return [{ where, message, remedy: "Set column to the column with the age of a row." }];
  }
  const type = String(row["type"]);
  if (!Object.hasOwn(COMPARISONS, type)) {
    const message = `"${column}" of "${name}" should be a date or a timestamp, got ${type}.`;
    return [{ where, message, remedy: "Use a column with the age of a row." }];
  }
  if (row["is_allowed"] === true) return [];
  const message = `this login may not select, update and delete rows of "${name}".`;
  return [{ where, message, remedy: "Grant these rights. Update is needed to lock rows." }];
}

function oldRows({ name, schema, table = "", column }: Wanted, row: Facts): OldRows {
  const quoted = schema === null ? quote(table) : `${quote(schema)}.${quote(table)}`;
  const isOld = `${quote(column)} < ${COMPARISONS[String(row["type"])] ?? ""}`;
  return { name, table: quoted, isOld, isFiltered: row["is_filtered"] === true };
}

function quote(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

import { createHash } from "node:crypto";
import type { Row } from "../../sources/row.ts";
import { stableJson } from "../../contract/manifest.ts";

/** What is told of one table: how many rows it has, and the first of them. */
export interface TabSummary {
  readonly count: number;
  readonly rows: readonly Row[];
}

/** What is told of all tables, by their names. This is the payload of the webhook. */
export type AlertSummary = Readonly<Record<string, TabSummary>>;

/** Which part of a table's rows is told. */
export interface Sampling {
  readonly samples: number;
  /** All of them without it. */
  readonly columns?: readonly string[] | undefined;
}

/** Count and samples of one table, as plain JSON: what is compared is what is sent. */
export function summarise(rows: readonly Row[], { samples, columns }: Sampling): TabSummary {
  const first = rows.slice(0, samples).map((row) => (columns ? pick(row, columns) : row));
  return { count: rows.length, rows: first.map((row) => JSON.parse(JSON.stringify(row))) };
}

function pick(row: Row, columns: readonly string[]): Row {
  return Object.fromEntries(
    columns.filter((it) => Object.hasOwn(row, it)).map((it) => [it, row[it]]),
  );
}

/**
 * SHA-256 over counts and samples. The order of keys makes no difference, because sources give
 * them in any order; the order of rows does.
 */
export function fingerprintOf(summary: AlertSummary): string {
  return createHash("sha256").update(stableJson(summary)).digest("hex");
}

/** How many rows each table has. */
export function countsOf(summary: AlertSummary): Record<string, number> {
  return Object.fromEntries(Object.entries(summary).map(([tab, { count }]) => [tab, count]));
}

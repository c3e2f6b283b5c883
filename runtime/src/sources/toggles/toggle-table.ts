import type { Row } from "../row.ts";

/** Where in a table a toggle's value stands. */
interface TablePlace {
  readonly key: string;
  /** The first column without it. */
  readonly keyColumn?: string | undefined;
  /** The second column without it. */
  readonly valueColumn?: string | undefined;
}

/** What a table says of a key; a problem when it is no table of keys and values. */
type TableLookup = { readonly value: unknown } | { readonly problem: string };

/**
 * The value of a key, which is compared without its case and the space around it.
 *
 * A table without rows or without its columns is a broken table, not one that lacks the key: a tab
 * that was renamed or emptied must not be taken for the operator's decision.
 */
export function lookUp(rows: readonly Row[], place: TablePlace): TableLookup {
  const columns = Object.keys(rows[0] ?? {});
  const keyColumn = columnOf(columns, place.keyColumn, 0);
  const valueColumn = columnOf(columns, place.valueColumn, 1);
  if (rows.length === 0) return { problem: "the table has no rows" };
  if (keyColumn === undefined) return { problem: missingColumn(place.keyColumn) };
  if (valueColumn === undefined) return { problem: missingColumn(place.valueColumn) };
  const found = rows.filter((row) => plain(row[keyColumn]) === plain(place.key));
  const values = new Set(found.map((row) => plain(row[valueColumn])));
  if (values.size > 1) return { problem: `the key "${place.key}" has several values` };
  return { value: found[0]?.[valueColumn] };
}

function columnOf(
  columns: readonly string[],
  name: string | undefined,
  position: number,
): string | undefined {
  if (name === undefined) return columns[position];
  return columns.find((column) => plain(column) === plain(name));
}

function missingColumn(name: string | undefined): string {
  return name === undefined
    ? "the table has no second column"
    : `the table has no column "${name}"`;
}

function plain(value: unknown): string {
  return String(value ?? "")
    .trim()
    .toLowerCase();
}

/** One row of a source: its columns by name, in the source's order. */
export type Row = Readonly<Record<string, unknown>>;

/** The rows that a JSON value holds: a list of objects, or one object, which is one row. */
export function rowsOfJson(value: unknown): Row[] | undefined {
  if (Array.isArray(value)) return value.every(isRow) ? value : undefined;
  return isRow(value) ? [value] : undefined;
}

function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

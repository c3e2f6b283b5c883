import { stringify } from "yaml";

/** The cells of one table row, as Markdown. */
export type Row = readonly string[];

/** A table without its empty columns. Markup in a cell is escaped, except in code marks. */
export function renderTable(columns: Row, rows: readonly Row[]): string {
  const isUsed = columns.map((_, column) => rows.some((row) => row[column] !== ""));
  const used = (row: Row): Row => row.filter((_, column) => isUsed[column]);
  const [head, rule] = [used(columns), used(columns).map(() => "---")];
  const lines = [head, rule, ...rows.map((row) => used(row).map(renderCell))];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Text in code marks. */
export function code(text: string): string {
  return `\`${text}\``;
}

/** A value as one line of YAML, in code marks. */
export function renderValue(value: unknown): string {
  return code(stringify(value, { collectionStyle: "flow", lineWidth: 0 }).trim());
}

function renderCell(cell: string): string {
  const parts = cell.replaceAll(/\s+/g, " ").split("`");
  const escaped = parts.map((part, index) => (index % 2 === 0 ? escapeText(part) : part));
  return escaped.join("`").replaceAll("|", String.raw`\|`);
}

function escapeText(text: string): string {
  return text.replaceAll("<", "&lt;").replaceAll("*", String.raw`\*`);
}

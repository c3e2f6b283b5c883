import { escapeHtml } from "../../contract/html-text.ts";
import { shortText } from "../../contract/short-text.ts";
import type { Row } from "../../sources/row.ts";

/** Rows as a table of texts. */
export interface TextTable {
  readonly columns: readonly string[];
  readonly cells: readonly (readonly string[])[];
}

/** The rows with every column that one of them has, in the order in which the columns first appear. */
export function tableOf(rows: readonly Row[]): TextTable {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return { columns, cells: rows.map((row) => columns.map((column) => cellText(row[column]))) };
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Date) return value.toISOString();
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Longest text of one cell in a mail, in characters: a table must stay readable on a phone. */
const HTML_CELL_MAX = 200;

/** Mail programs drop style sheets, so that each cell carries its own style. */
const CELL_STYLE = "border:1px solid #ccc;padding:4px 8px;text-align:left";

/** The table for a mail, with everything escaped; nothing without a column. */
export function htmlTable({ columns, cells }: TextTable): string {
  if (columns.length === 0) return "";
  const head = columns.map((text) => `<th style="${CELL_STYLE}">${cellHtml(text)}</th>`).join("");
  const rows = cells.map(
    (texts) =>
      `<tr>${texts.map((text) => `<td style="${CELL_STYLE}">${cellHtml(text)}</td>`).join("")}</tr>`,
  );
  return `<table style="border-collapse:collapse"><tr>${head}</tr>${rows.join("")}</table>`;
}

function cellHtml(text: string): string {
  return escapeHtml(shortText(text, HTML_CELL_MAX));
}

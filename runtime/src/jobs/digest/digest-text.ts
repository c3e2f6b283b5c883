import type { Row } from "../../sources/row.ts";

/** What a digest says. */
export interface Digest {
  readonly title: string;
  readonly madeAt: Date;
  readonly timezone: string;
  /** Undefined when no source is declared. */
  readonly rows: readonly Row[] | undefined;
}

/** Its three forms, by the ends of their names. */
export const DIGEST_FORMS = ["csv", "md", "txt"] as const;

export type DigestTexts = Readonly<Record<(typeof DIGEST_FORMS)[number], string>>;

/** Rows that are shown to people; all of them are in the csv. */
const SHOWN_MAX = 200;

/** Widest column of the plain text, in characters. */
const WIDTH_MAX = 40;

/** The digest as a table for programs, as Markdown and as plain text. */
export async function digestTexts(digest: Digest): Promise<DigestTexts> {
  const { stringify } = await import("csv-stringify/sync");
  const columns = columnsOf(digest.rows ?? []);
  const cells = (digest.rows ?? []).map((row) => columns.map((column) => cellText(row[column])));
  return {
    csv: stringify([columns, ...cells].filter((line) => line.length > 0)),
    md: [`# ${digest.title}`, ...heading(digest), ...markdownTable(columns, cells)].join("\n"),
    txt: [digest.title, ...heading(digest), ...plainTable(columns, cells)].join("\n"),
  };
}

/** Every column that a row has, in the order in which they first appear. */
function columnsOf(rows: readonly Row[]): string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))];
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Date) return value.toISOString();
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function heading({ madeAt, timezone, rows }: Digest): string[] {
  const local = new Intl.DateTimeFormat("sv-SE", {
    timeZone: timezone,
    dateStyle: "short",
    timeStyle: "short",
  }).format(madeAt);
  const count = rows ? `${rows.length} rows` : "No source of rows is declared";
  const rest = (rows?.length ?? 0) - SHOWN_MAX;
  const shown = rest > 0 ? [`The first ${SHOWN_MAX} are shown; the csv has all of them.`] : [];
  return ["", `${local} ${timezone}. ${count}.`, ...shown, ""];
}

function markdownTable(columns: readonly string[], cells: readonly string[][]): string[] {
  if (columns.length === 0) return [""];
  const rule = `|${columns.map(() => "---").join("|")}|`;
  return [markdownLine(columns), rule, ...cells.slice(0, SHOWN_MAX).map(markdownLine), ""];
}

function markdownLine(texts: readonly string[]): string {
  return `| ${texts.map(markdownCell).join(" | ")} |`;
}

/** A bar would end the cell, and a line end the table. */
function markdownCell(text: string): string {
  return oneLine(text).replaceAll("|", String.raw`\|`);
}

function plainTable(columns: readonly string[], cells: readonly string[][]): string[] {
  const lines = [columns, ...cells.slice(0, SHOWN_MAX)].map((texts) => texts.map(plainCell));
  const widths = columns.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  return [
    ...lines.map((line) => line.map((text, column) => text.padEnd(widths[column] ?? 0)).join("  ")),
    "",
  ].map((line) => line.trimEnd());
}

function plainCell(text: string): string {
  const line = oneLine(text);
  return line.length > WIDTH_MAX ? `${line.slice(0, WIDTH_MAX - 1)}…` : line;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

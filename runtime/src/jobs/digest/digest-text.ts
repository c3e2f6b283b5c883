import { tableOf, type TextTable } from "../mail.ts";
import { shortText } from "../../contract/text.ts";
import type { Row } from "../../sources/row.ts";

/** What a digest says. */
export interface Digest {
  readonly title: string;
  readonly madeAt: Date;
  readonly timezone: string;
  /** Undefined when no source is declared, or when it is not set up. */
  readonly rows: readonly Row[] | undefined;
}

/** Its three forms, by the ends of their names. */
export const DIGEST_FORMS = ["csv", "md", "txt"] as const;

export type DigestForm = (typeof DIGEST_FORMS)[number];

export type DigestTexts = Readonly<Record<DigestForm, string>>;

/** Rows that are shown to people; all of them are in the csv. */
export const SHOWN_MAX = 200;

/** Widest column of the plain text, in characters. */
const WIDTH_MAX = 40;

/** The form whose name ends so. */
export function isDigestForm(text: string): text is DigestForm {
  return DIGEST_FORMS.some((form) => form === text);
}

/** The digest as a table for programs, as Markdown and as plain text. */
export async function digestTexts(digest: Digest): Promise<DigestTexts> {
  const { stringify } = await import("csv-stringify/sync");
  const table = tableOf(digest.rows ?? []);
  return {
    csv: stringify([table.columns, ...table.cells].filter((line) => line.length > 0)),
    md: [`# ${digest.title}`, ...heading(digest), ...markdownTable(table)].join("\n"),
    txt: [digest.title, ...heading(digest), ...plainTable(table)].join("\n"),
  };
}

/** A moment as people of a zone read it, `2026-01-06 13:00`. */
export function localTime(moment: Date, timezone: string): string {
  return new Intl.DateTimeFormat("sv-SE", {
    timeZone: timezone,
    dateStyle: "short",
    timeStyle: "short",
  }).format(moment);
}

function heading({ madeAt, timezone, rows }: Digest): string[] {
  const local = localTime(madeAt, timezone);
  const count = rows ? `${rows.length} rows` : "No source of rows is set up";
  const rest = (rows?.length ?? 0) - SHOWN_MAX;
  const shown = rest > 0 ? [`The first ${SHOWN_MAX} are shown; the csv has all of them.`] : [];
  return ["", `${local} ${timezone}. ${count}.`, ...shown, ""];
}

function markdownTable({ columns, cells }: TextTable): string[] {
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

function plainTable({ columns, cells }: TextTable): string[] {
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
  return shortText(oneLine(text), WIDTH_MAX);
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

import type { MailAttachment } from "../../alerts/channels/channel.ts";
import { escapeHtml, shortText } from "../../contract/text.ts";
import type { Row } from "../../sources/source-reading.ts";
import { htmlTable, tableOf, type TextTable } from "../mail.ts";
import { DIGEST_FORMS, type DigestFiles, type DigestForm } from "./digest-files.ts";

/** What all texts of a digest say first. */
interface DigestHeading {
  readonly title: string;
  readonly madeAt: Date;
  readonly timezone: string;
}

/** Number of rows in the mail, md and txt. The csv has all rows. */
const SHOWN_MAX = 200;

/** Widest column of the plain text, in characters. */
const WIDTH_MAX = 40;

/** Renders the digest as CSV, Markdown and plain text. Without a source there are no rows. */
export async function digestTexts(
  heading: DigestHeading,
  rows: readonly Row[] | undefined,
): Promise<Readonly<Record<DigestForm, string>>> {
  const { stringify } = await import("csv-stringify/sync");
  const { columns, cells } = tableOf(rows ?? []);
  const rest = cells.length - SHOWN_MAX;
  const count = rows ? `${rows.length} rows` : "No source of rows is configured";
  const about = [
    "",
    `${whenOf(heading)}. ${count}.`,
    ...(rest > 0 ? [`The first ${SHOWN_MAX} are shown; the csv has all of them.`] : []),
    "",
  ];
  const shown = { columns, cells: cells.slice(0, SHOWN_MAX) };
  return {
    csv: stringify([columns, ...cells].filter((line) => line.length > 0)),
    md: [`# ${heading.title}`, ...about, ...markdownTable(shown), ""].join("\n"),
    txt: [heading.title, ...about, ...plainTable(shown), ""].join("\n"),
  };
}

/** Local time with its zone, `2026-01-06 13:00 America/Mazatlan`. */
function whenOf({ madeAt, timezone }: DigestHeading): string {
  const style = { timeZone: timezone, dateStyle: "short", timeStyle: "short" } as const;
  return `${new Intl.DateTimeFormat("sv-SE", style).format(madeAt)} ${timezone}`;
}

function markdownTable({ columns, cells }: TextTable): string[] {
  if (columns.length === 0) return [];
  const rule = `|${columns.map(() => "---").join("|")}|`;
  return [markdownLine(columns), rule, ...cells.map(markdownLine)];
}

/** Escapes bars, which would end a cell, and line breaks, which would end the table. */
function markdownLine(texts: readonly string[]): string {
  const cells = texts.map((text) => oneLine(text).replaceAll("|", String.raw`\|`));
  return `| ${cells.join(" | ")} |`;
}

function plainTable({ columns, cells }: TextTable): string[] {
  const lines = [columns, ...cells].map((texts) =>
    texts.map((text) => shortText(oneLine(text), WIDTH_MAX)),
  );
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  return lines.map((line) =>
    line
      .map((text, at) => text.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

/** @see https://www.iana.org/assignments/media-types */
const CONTENT_TYPES: Readonly<Record<DigestForm, string>> = {
  csv: "text/csv",
  md: "text/markdown",
  txt: "text/plain",
};

/** The mail: the rows as a table, and optionally the files as attachments. */
export async function digestMail(
  heading: DigestHeading,
  files: DigestFiles,
  withAttachments: boolean,
) {
  const { csv, md, txt } = files.texts;
  const title = escapeHtml(heading.title);
  const when = whenOf(heading);
  const body = csv === undefined ? `<pre>${escapeHtml(md ?? txt ?? "")}</pre>` : await csvHtml(csv);
  return {
    subject: `${heading.title}: ${when}`,
    html: `<h2>${title}</h2>\n<p>${escapeHtml(when)}</p>\n${body}`,
    text: txt ?? md ?? csv ?? "",
    ...(withAttachments ? { attachments: attachmentsOf(files) } : {}),
  };
}

async function csvHtml(csv: string): Promise<string> {
  const { parse } = await import("csv-parse/sync");
  const { columns, cells } = tableOf(parse<Row>(csv, { columns: true }));
  const table = htmlTable({ columns, cells: cells.slice(0, SHOWN_MAX) });
  if (table === "") return "<p>No rows.</p>";
  const rest = cells.length - SHOWN_MAX;
  return rest > 0 ? `${table}\n<p>… and ${rest} more rows. The csv has all of them.</p>` : table;
}

function attachmentsOf({ texts, names }: DigestFiles): readonly MailAttachment[] {
  return DIGEST_FORMS.flatMap((form) => {
    const text = texts[form];
    const filename = names.find((name) => name.endsWith(`.${form}`));
    if (text === undefined || filename === undefined) return [];
    return [{ filename, content: Buffer.from(text), contentType: CONTENT_TYPES[form] }];
  });
}

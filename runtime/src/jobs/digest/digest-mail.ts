import { htmlTable, tableOf, type TextTable } from "../mail.ts";
import { escapeHtml } from "../../contract/text.ts";
import type { MailAttachment } from "../../alerts/mail/mail.ts";
import type { Row } from "../../sources/row.ts";
import { DIGEST_FORMS, type DigestForm, localTime, SHOWN_MAX } from "./digest-text.ts";

/** What a mail tells of a digest. */
export interface DigestLetter {
  readonly title: string;
  readonly madeAt: Date;
  readonly timezone: string;
  /** The forms that there are; the newest files of an archive may lack one. */
  readonly texts: Partial<Readonly<Record<DigestForm, string>>>;
  /** The names of the files in the order of the forms that there are. */
  readonly names: readonly string[];
  readonly withAttachments: boolean;
}

/** @see https://www.iana.org/assignments/media-types */
const CONTENT_TYPES: Readonly<Record<DigestForm, string>> = {
  csv: "text/csv",
  md: "text/markdown",
  txt: "text/plain",
};

/** The mail of a digest: its table in it, and its files beside it only when that is asked for. */
export async function digestMail(letter: DigestLetter) {
  const { title, madeAt, timezone, texts, names, withAttachments } = letter;
  const when = `${localTime(madeAt, timezone)} ${timezone}`;
  const { csv, md, txt } = texts;
  const body = csv === undefined ? preformatted(md ?? txt ?? "") : tableHtml(await rowsOf(csv));
  return {
    subject: `${title}: ${when}`,
    html: `<h2>${escapeHtml(title)}</h2>\n<p>${escapeHtml(when)}</p>\n${body}`,
    text: txt ?? md ?? csv ?? "",
    ...(withAttachments ? { attachments: attachmentsOf(texts, names) } : {}),
  };
}

async function rowsOf(csv: string): Promise<TextTable> {
  const { parse } = await import("csv-parse/sync");
  return tableOf(parse<Row>(csv, { columns: true }));
}

function tableHtml({ columns, cells }: TextTable): string {
  const rest = cells.length - SHOWN_MAX;
  const more = rest > 0 ? `\n<p>… and ${rest} more rows, all of which are in the csv.</p>` : "";
  const table = htmlTable({ columns, cells: cells.slice(0, SHOWN_MAX) });
  return table === "" ? "<p>No rows.</p>" : `${table}${more}`;
}

function preformatted(text: string): string {
  return `<pre>${escapeHtml(text)}</pre>`;
}

function attachmentsOf(
  texts: DigestLetter["texts"],
  names: readonly string[],
): readonly MailAttachment[] {
  return DIGEST_FORMS.flatMap((form) => {
    const text = texts[form];
    const filename = names.find((name) => name.endsWith(`.${form}`));
    if (text === undefined || filename === undefined) return [];
    return [{ filename, content: Buffer.from(text), contentType: CONTENT_TYPES[form] }];
  });
}

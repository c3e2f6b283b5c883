import { MailSettings } from "../contract/mail.ts";
import type { JobContext } from "./definition.ts";
import { parseAddresses } from "../alerts/channels/mail.ts";
import { valueOf } from "../contract/env.ts";
import { ChannelError, type Mail } from "../alerts/channels/channel.ts";
import { escapeHtml, shortText } from "../contract/text.ts";
import type { Row } from "../sources/source-reading.ts";

/** Default mail settings: SendGrid with the key in SENDGRID_API_KEY. */
const DEFAULT_SETTINGS = MailSettings.parse({ kind: "sendgrid" });

/** Mail options of a job. */
export interface MailOptions {
  readonly mail?: MailSettings | undefined;
  readonly from?: string | undefined;
  readonly to?: readonly string[] | undefined;
  /**
   * Prefixes of the variables with the addresses that the options do not set, in order of preference:
   * `DIGEST_EMAIL` stands for DIGEST_EMAIL_FROM and DIGEST_EMAIL_TO.
   */
  readonly variables: readonly string[];
}

/** Sends a mail of a job. If a variable is not set, the result is `skipped`. */
export async function sendMail(
  context: JobContext,
  options: MailOptions,
  mail: Omit<Mail, "from" | "to">,
): Promise<Delivered> {
  const { env, signal } = context;
  const from = options.from ?? firstValue(context, options, "FROM");
  const to = options.to ?? parseAddresses(firstValue(context, options, "TO"));
  const missing = [from === undefined ? "FROM" : [], to.length === 0 ? "TO" : []].flat();
  if (from === undefined || missing.length > 0) {
    const [variable = ""] = options.variables;
    return { status: "skipped", why: missingWords(missing.map((it) => `${variable}_${it}`)) };
  }
  return deliveredBy(signal, async () => {
    const { deliverMail } = await import("../alerts/channels/mail.ts");
    const settings = options.mail ?? DEFAULT_SETTINGS;
    const delivery = await deliverMail(settings, { ...mail, from, to }, { env, signal });
    return delivery === "sent"
      ? { status: "ok" }
      : { status: "skipped", why: unsetWords(settings) };
  });
}

function firstValue({ env }: JobContext, { variables }: MailOptions, end: string) {
  return variables.map((it) => valueOf(env, `${it}_${end}`)).find((it) => it !== undefined);
}

function missingWords(names: readonly string[]): string {
  return `${names.join(" and ")} ${names.length === 1 ? "is" : "are"} not set`;
}

function unsetWords(settings: MailSettings): string {
  return settings.kind === "sendgrid"
    ? missingWords([settings.keyEnv])
    : "a variable of the mail server is not set";
}

/**
 * The result of a message at one channel. `skipped` means that a variable is not set, which is not a
 * failure.
 */
export type Delivered =
  | { readonly status: "ok" }
  | { readonly status: "skipped" | "error"; readonly why: string };

/**
 * Turns a failure into a result, even if the run is stopped, so that the job can save what other
 * channels accepted.
 */
export async function deliveredBy(
  signal: AbortSignal,
  deliver: () => Promise<Delivered>,
): Promise<Delivered> {
  try {
    return await deliver();
  } catch (error) {
    if (signal.aborted) return { status: "error", why: "the run was stopped" };
    if (error instanceof ChannelError) return { status: "error", why: error.message };
    throw error;
  }
}

/** Rows as a table of texts. */
export interface TextTable {
  readonly columns: readonly string[];
  readonly cells: readonly (readonly string[])[];
}

/** The rows with all columns of all rows, in order of first appearance. */
export function tableOf(rows: readonly Row[]): TextTable {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return { columns, cells: rows.map((row) => columns.map((column) => cellText(row[column]))) };
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Date) return value.toISOString();
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Maximum length of a cell in a mail, in characters, so that a table is readable on a phone. */
const HTML_CELL_MAX = 200;

/** Each cell has its own style, because mail programs drop style sheets. */
const CELL_STYLE = "border:1px solid #ccc;padding:4px 8px;text-align:left";

/** The table as HTML for a mail. Empty if there are no columns. */
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

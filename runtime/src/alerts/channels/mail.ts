import type { AlertChannel } from "../../contract/alert.ts";
import { type Env, valueOf } from "../../contract/env.ts";
import type { MailSettings } from "../../contract/mail.ts";
import { escapeHtml, shortText } from "../../contract/text.ts";
import { type AlertMessage, headline, linesOf } from "../alert-message.ts";
import {
  baseUrlOf,
  deliverHttp,
  DELIVERY_LIMITS,
  type DeliveryLimits,
  type DeliveryOptions,
  firstValue,
  JSON_HEADERS,
  loggedText,
  type Mail,
  type MailDelivery,
  readAnswer,
} from "./channel.ts";

/** Longest subject. Mail programs show less. */
const SUBJECT_CHARACTERS = 150;

/** A mail with attachments takes longer than a chat message. */
const MAIL_LIMITS: DeliveryLimits = { ...DELIVERY_LIMITS, timeoutMs: 15_000 };

/** @see https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send */
const SENDGRID_URL = "https://api.sendgrid.com";

/**
 * Sends a mail: `sent` when the server accepted it for at least one address; `skipped` when a variable
 * or an address is missing. Throws a ChannelError when the mail cannot be sent, and the signal's
 * reason when it is aborted.
 */
export async function deliverMail(
  settings: MailSettings,
  mail: Mail,
  { env, limits = MAIL_LIMITS, signal }: DeliveryOptions & { readonly env: Env },
): Promise<"sent" | "skipped"> {
  if (mail.from.trim() === "" || mail.to.length === 0) return "skipped";
  const oneLine = { ...mail, subject: mail.subject.replaceAll(/\s+/g, " ").trim() };
  const delivery = { env, limits, signal };
  if (settings.kind === "sendgrid") return sendBySendgrid(settings, oneLine, delivery);
  // nodemailer is loaded with the first mail.
  return (await import("./smtp.ts")).sendBySmtp(settings, oneLine, delivery);
}

/** An alert as a mail. */
export function alertMail(
  channel: Extract<AlertChannel, { kind: "sendgrid" | "smtp" }>,
  message: AlertMessage,
  env: Env,
): Mail {
  const { fromEnv, fromFallbackEnv, toEnv, toFallbackEnv } = channel;
  const lines = linesOf(message);
  return {
    from: firstValue(env, fromEnv, fromFallbackEnv),
    to: parseAddresses(firstValue(env, toEnv, toFallbackEnv)),
    subject: shortText(headline(message), SUBJECT_CHARACTERS),
    text: `${lines.map(({ text }) => text).join("\n")}\n`,
    html: lines
      .map(({ text, isStrong = false }) => {
        const escaped = escapeHtml(text).replaceAll("\n", "<br>");
        return isStrong ? `<p><strong>${escaped}</strong></p>` : `<p>${escaped}</p>`;
      })
      .join("\n"),
  };
}

/** Sends a mail through SendGrid; `skipped` without a key. */
async function sendBySendgrid(
  { keyEnv, baseUrlEnv }: Extract<MailSettings, { kind: "sendgrid" }>,
  { from, to, subject, html, text, attachments = [] }: Mail,
  { env, limits, signal }: MailDelivery,
): Promise<"sent" | "skipped"> {
  const key = valueOf(env, keyEnv);
  if (key === undefined) return "skipped";
  const files = attachments.map(({ filename, content, contentType }) => ({
    filename,
    type: contentType,
    disposition: "attachment",
    content: Buffer.from(content).toString("base64"),
  }));
  const body = {
    personalizations: [{ to: to.map(parseAddress) }],
    from: parseAddress(from),
    subject,
    // SendGrid requires the plain text first, and refuses empty parts.
    content: [
      { type: "text/plain", value: text },
      { type: "text/html", value: html },
    ].filter((it) => it.value !== ""),
    ...(files.length === 0 ? {} : { attachments: files }),
  };
  const request = {
    url: `${baseUrlOf(env, baseUrlEnv, SENDGRID_URL)}/v3/mail/send`,
    headers: { ...JSON_HEADERS, authorization: `Bearer ${key}` },
    body: JSON.stringify(body),
    read: (answer: string) => ({ problem: loggedText(answer, [key]), ...readAnswer(answer, key) }),
  };
  await deliverHttp(request, { limits, signal });
  return "sent";
}

/** A comma or a semicolon outside of quotes. */
const SEPARATOR = /[,;](?=(?:[^"]*"[^"]*")*[^"]*$)/;

/** `Name <address>`, with the name in quotes or not. */
const NAMED = /^\s*"?([^"<>]*?)"?\s*<([^<>\s]+)>\s*$/;

/** The addresses in a variable: separated by commas, with names or without. */
export function parseAddresses(text: string | undefined): string[] {
  return (text ?? "")
    .split(SEPARATOR)
    .map((it) => it.trim())
    .filter((it) => it !== "");
}

export function parseAddress(text: string): { readonly email: string; readonly name?: string } {
  const [, name = "", email] = NAMED.exec(text) ?? [];
  if (email === undefined) return { email: text.trim() };
  return name === "" ? { email } : { email, name };
}

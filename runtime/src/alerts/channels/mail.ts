import type { AlertChannel } from "../../contract/alert.ts";
import type { Env } from "../../contract/env.ts";
import type { MailSettings } from "../../contract/mail.ts";
import { escapeHtml, shortText } from "../../contract/text.ts";
import { type AlertMessage, headline, linesOf } from "../alert-message.ts";
import { type Mail, parseAddresses } from "../mail/mail.ts";
import {
  DELIVERY_LIMITS,
  type DeliveryLimits,
  type DeliveryOptions,
  firstValue,
} from "./channel.ts";

/** Longest subject. Mail programs show less. */
const SUBJECT_CHARACTERS = 150;

/** A mail with attachments takes longer than a chat message. */
const MAIL_LIMITS: DeliveryLimits = { ...DELIVERY_LIMITS, timeoutMs: 15_000 };

/**
 * Sends a mail: `sent` when the server accepted it for at least one address; `skipped` when a variable
 * or an address is missing. Throws a ChannelError when the mail cannot be sent, and the signal's
 * reason when it is aborted. The code that sends is loaded with the first mail.
 */
export async function deliverMail(
  settings: MailSettings,
  mail: Mail,
  { env, limits = MAIL_LIMITS, signal }: DeliveryOptions & { readonly env: Env },
): Promise<"sent" | "skipped"> {
  if (mail.from.trim() === "" || mail.to.length === 0) return "skipped";
  const oneLine = { ...mail, subject: mail.subject.replaceAll(/\s+/g, " ").trim() };
  if (settings.kind === "sendgrid") {
    const { sendBySendgrid } = await import("../mail/sendgrid.ts");
    return sendBySendgrid(settings, oneLine, { env, limits, signal });
  }
  const { sendBySmtp } = await import("../mail/smtp.ts");
  return sendBySmtp(settings, oneLine, { env, limits, signal });
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

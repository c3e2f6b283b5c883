import type { AlertChannel } from "../../contract/alert.ts";
import { escapeHtml, shortText } from "../../contract/text.ts";
import { type AlertMessage, headline, linesOf } from "../alert-message.ts";
import { type Mail, parseAddresses } from "../mail/mail.ts";
import { openMail } from "../mail/open-mail.ts";
import { firstValue, type Sender } from "./channel.ts";

type MailChannel = Extract<AlertChannel, { kind: "sendgrid" | "smtp" }>;

/** Longest subject. Mail programs show less. */
const SUBJECT_CHARACTERS = 150;

/** Sends a mail with the alert in its subject. */
export function mailSender(channel: MailChannel): Sender {
  const { fromEnv, fromFallbackEnv, toEnv, toFallbackEnv } = channel;
  return (message, { env, limits, signal }) => {
    const mail = mailOf(message, {
      from: firstValue(env, fromEnv, fromFallbackEnv),
      to: parseAddresses(firstValue(env, toEnv, toFallbackEnv)),
    });
    return openMail(channel, env, limits).send(mail, { signal });
  };
}

function mailOf(message: AlertMessage, addresses: Pick<Mail, "from" | "to">): Mail {
  const lines = linesOf(message);
  return {
    ...addresses,
    subject: shortText(headline(message), SUBJECT_CHARACTERS),
    text: `${lines.map((it) => it.text).join("\n")}\n`,
    html: lines
      .map(({ text, isStrong }) => paragraph(escapeHtml(text).replaceAll("\n", "<br>"), isStrong))
      .join("\n"),
  };
}

function paragraph(escaped: string, isStrong = false): string {
  return isStrong ? `<p><strong>${escaped}</strong></p>` : `<p>${escaped}</p>`;
}

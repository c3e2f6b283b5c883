import type { AlertChannel } from "../../contract/alert.ts";
import { escapeHtml, shortText } from "../../contract/text.ts";
import { parseAddresses } from "../mail/address.ts";
import { type Mail, openMail } from "../mail/mail.ts";
import type { AlertMessage } from "../alert-message.ts";
import { headline, linesOf } from "../alert-text.ts";

import { firstValue, type Sender } from "./sender.ts";

type MailChannel = Extract<AlertChannel, { kind: "sendgrid" | "smtp" }>;

/** Longest subject; a mail program shows less. */
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

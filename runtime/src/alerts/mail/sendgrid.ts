import * as z from "zod/mini";
import { valueOf } from "../../contract/env.ts";
import type { MailSettings } from "../../contract/mail.ts";
import {
  type AnswerWords,
  baseUrlOf,
  deliverHttp,
  JSON_HEADERS,
  loggedText,
  parsedJson,
} from "../channels/channel.ts";
import { type Mail, type MailDelivery, parseAddress } from "./mail.ts";

type SendgridSettings = Extract<MailSettings, { kind: "sendgrid" }>;

/** @see https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send */
const SENDGRID_URL = "https://api.sendgrid.com";
const SEND_PATH = "/v3/mail/send";

/** The body of a refusal. @see https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/responses */
const Refusal = z.object({ errors: z.array(z.object({ message: z.string() })) });

/** Sends a mail through SendGrid; `skipped` without a key. */
export async function sendBySendgrid(
  { keyEnv, baseUrlEnv }: SendgridSettings,
  mail: Mail,
  { env, limits, signal }: MailDelivery,
): Promise<"sent" | "skipped"> {
  const key = valueOf(env, keyEnv);
  if (key === undefined) return "skipped";
  const request = {
    url: `${baseUrlOf(env, baseUrlEnv, SENDGRID_URL)}${SEND_PATH}`,
    headers: { ...JSON_HEADERS, authorization: `Bearer ${key}` },
    body: JSON.stringify(bodyOf(mail)),
    read: (text: string) => wordsOf(text, key),
  };
  await deliverHttp(request, { limits, signal });
  return "sent";
}

function bodyOf({ from, to, subject, html, text, attachments = [] }: Mail) {
  return {
    personalizations: [{ to: to.map(parseAddress) }],
    from: parseAddress(from),
    subject,
    // SendGrid requires the plain text first, and refuses empty parts.
    content: [
      { type: "text/plain", value: text },
      { type: "text/html", value: html },
    ].filter((it) => it.value !== ""),
    ...(attachments.length === 0
      ? {}
      : {
          attachments: attachments.map(({ filename, content, contentType }) => ({
            filename,
            type: contentType,
            disposition: "attachment",
            content: Buffer.from(content).toString("base64"),
          })),
        }),
  };
}

function wordsOf(text: string, key: string): AnswerWords {
  const messages = Refusal.safeParse(parsedJson(text)).data?.errors.map((it) => it.message);
  return { problem: loggedText(messages?.join("; ") ?? text, [key]) };
}

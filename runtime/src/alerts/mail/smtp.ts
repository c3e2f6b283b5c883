import * as z from "zod/mini";
import type { SMTPTransportOptions } from "nodemailer/lib/smtp-transport";
import { type Attempt, attemptDelivery } from "../delivery-attempts.ts";
import { errorWords } from "../../health/error-words.ts";
import { toldText } from "../http-delivery.ts";
import type { MailSettings } from "../../contract/mail.ts";
import type { Env } from "../../contract/env.ts";
import type { Mail, MailSending } from "./mail.ts";
import { type SmtpServer, smtpServer } from "./smtp-server.ts";

type SmtpSettings = Extract<MailSettings, { kind: "smtp" }>;

/** Sends a mail by SMTP; `skipped` when no server is named. */
export async function sendBySmtp(
  settings: SmtpSettings,
  env: Env,
  { mail, limits, signal }: MailSending,
): Promise<"sent" | "skipped"> {
  const server = smtpServer(settings, env);
  if (!server) return "skipped";
  const { createTransport } = await import("nodemailer");
  const transport = createTransport(transportOptions(server, limits.timeoutMs));
  await attemptDelivery(
    async () => {
      const limit = AbortSignal.timeout(limits.timeoutMs);
      try {
        await transport.sendMail({
          ...messageOf(mail),
          signal: signal ? AbortSignal.any([signal, limit]) : limit,
        });
        return "done";
      } catch (error) {
        if (signal?.aborted) throw signal.reason;
        return limit.aborted ? late(limits.timeoutMs) : refusalOf(error, server);
      }
    },
    limits,
    signal,
  );
  return "sent";
}

function transportOptions(server: SmtpServer, timeoutMs: number): SMTPTransportOptions {
  const { host, port, user, pass, tls } = server;
  return {
    host,
    port,
    secure: tls === "implicit",
    requireTLS: tls === "starttls",
    ignoreTLS: tls === "none",
    ...(user === undefined ? {} : { auth: { user, pass } }),
    dnsTimeout: timeoutMs,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
  };
}

function messageOf({ from, to, subject, html, text, attachments = [] }: Mail) {
  return {
    from,
    to: [...to],
    subject,
    html,
    text,
    attachments: attachments.map(({ filename, content, contentType }) => ({
      filename,
      content: Buffer.from(content),
      contentType,
    })),
    // Nothing in a mail may make the sender read a file or a URL.
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** What nodemailer calls a failure that another try may turn. @see https://nodemailer.com/errors */
const RETRIED: ReadonlySet<unknown> = new Set(["ECONNECTION", "ETIMEDOUT", "ESOCKET", "EDNS"]);

const WORDS: Readonly<Record<string, string>> = {
  ECONNECTION: "the connection failed",
  ESOCKET: "the connection failed",
  ETIMEDOUT: "no answer in time",
  EDNS: "the host was not found",
  ETLS: "the server refuses STARTTLS, so nothing was sent",
  EAUTH: "the login was refused",
};

/**
 * 4xx is temporary and 5xx is for good. nodemailer's own text names the host, so only the code and
 * the server's answer are told.
 *
 * @see https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1
 */
function refusalOf(error: unknown, { user, pass }: SmtpServer): Exclude<Attempt, "done"> {
  const { code, originalCode, response, responseCode } = partsOf(error);
  const isTemporary =
    responseCode === undefined ? RETRIED.has(code) : responseCode >= 400 && responseCode < 500;
  const hidden = [pass, user].flatMap((it) => (it === undefined || it === "" ? [] : [it]));
  const answer = response === undefined ? "" : toldText(response, hidden);
  const usual = (code === undefined ? undefined : WORDS[code]) ?? "the mail was refused";
  // Node's own code says what is wrong with a connection: its certificate, or nobody there.
  const what = originalCode === undefined ? usual : `${usual}: ${wordsOfCode(originalCode)}`;
  return {
    error: answer === "" ? what : `${what}: SMTP ${answer}`,
    retryAfterMs: isTemporary ? 0 : undefined,
  };
}

function wordsOfCode(code: string): string {
  return errorWords(Object.assign(new Error(code), { code }));
}

/** What nodemailer says of an error besides its text. */
const Parts = z.object({
  code: z.optional(z.string()),
  originalCode: z.optional(z.string()),
  response: z.optional(z.string()),
  responseCode: z.optional(z.number()),
});

function partsOf(error: unknown): z.infer<typeof Parts> {
  return Parts.safeParse({ ...(error instanceof Error ? error : {}) }).data ?? {};
}

function late(timeoutMs: number): Exclude<Attempt, "done"> {
  return { error: `no answer within ${timeoutMs} ms`, retryAfterMs: 0 };
}

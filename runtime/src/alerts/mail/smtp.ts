import * as z from "zod/mini";
import type { SMTPTransportOptions } from "nodemailer/lib/smtp-transport";
import { type Env, valueOf } from "../../contract/env.ts";
import type { MailSettings } from "../../contract/mail.ts";
import { decodeUrlPart } from "../../contract/text.ts";
import { errorWords } from "../../health/error-words.ts";
import { retry } from "../../run/retry.ts";
import { ChannelError, deliveryPolicy, loggedText } from "../channels/channel.ts";
import type { Mail, MailDelivery } from "./mail.ts";

type SmtpSettings = Extract<MailSettings, { kind: "smtp" }>;

/** Sends a mail through SMTP; `skipped` when no server is named. */
export async function sendBySmtp(
  settings: SmtpSettings,
  mail: Mail,
  { env, limits, signal }: MailDelivery,
): Promise<"sent" | "skipped"> {
  const server = smtpServer(settings, env);
  if (!server) return "skipped";
  const { createTransport } = await import("nodemailer");
  const transport = createTransport(transportOptions(server, limits.timeoutMs));
  const sendOnce = async (): Promise<void> => {
    const limit = AbortSignal.timeout(limits.timeoutMs);
    try {
      const all = signal ? AbortSignal.any([signal, limit]) : limit;
      await transport.sendMail({ ...messageOf(mail), signal: all });
    } catch (error) {
      signal?.throwIfAborted();
      if (limit.aborted) throw new ChannelError(`no answer within ${limits.timeoutMs} ms`, 0);
      throw refusalOf(error, server);
    }
  };
  await retry(sendOnce, deliveryPolicy(limits, signal));
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

/** nodemailer's codes of temporary failures. @see https://nodemailer.com/errors */
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
 * 4xx is temporary, 5xx is final. nodemailer's own text names the host, so the error contains only
 * the code and the server's answer.
 *
 * @see https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1
 */
function refusalOf(error: unknown, { user, pass }: SmtpServer): ChannelError {
  const { code, originalCode, response, responseCode } = partsOf(error);
  const isTemporary =
    responseCode === undefined ? RETRIED.has(code) : responseCode >= 400 && responseCode < 500;
  const hidden = [pass, user].flatMap((it) => (it === undefined || it === "" ? [] : [it]));
  const answer = response === undefined ? "" : loggedText(response, hidden);
  const usual = (code === undefined ? undefined : WORDS[code]) ?? "the mail was refused";
  // Node's code names the problem of the connection, such as its certificate.
  const what = originalCode === undefined ? usual : `${usual}: ${wordsOfCode(originalCode)}`;
  const message = answer === "" ? what : `${what}: SMTP ${answer}`;
  return new ChannelError(message, isTemporary ? 0 : undefined);
}

function wordsOfCode(code: string): string {
  return errorWords(Object.assign(new Error(code), { code }));
}

/** The fields of nodemailer's errors. */
const Parts = z.object({
  code: z.optional(z.string()),
  originalCode: z.optional(z.string()),
  response: z.optional(z.string()),
  responseCode: z.optional(z.number()),
});

function partsOf(error: unknown): z.infer<typeof Parts> {
  return Parts.safeParse({ ...(error instanceof Error ? error : {}) }).data ?? {};
}

/** A mail server. */
interface SmtpServer {
  readonly host: string;
  readonly port: number;
  readonly user: string | undefined;
  readonly pass: string | undefined;
  readonly tls: NonNullable<SmtpSettings["tls"]>;
}

/** Well-known ports. @see https://www.rfc-editor.org/rfc/rfc8314#section-3.3 */
const SUBMISSION_PORT = 587;
const IMPLICIT_TLS_PORT = 465;

/**
 * The server that the variables name; undefined when they name none. A variable for one part takes
 * precedence over the URL. A password needs an encrypted connection, unless the settings say
 * `tls: none`.
 */
function smtpServer(settings: SmtpSettings, env: Env): SmtpServer | undefined {
  const url = parseUrl(settings, env);
  const part = (name: string | undefined) => (name === undefined ? undefined : valueOf(env, name));
  const host = part(settings.hostEnv) ?? url?.host;
  if (host === undefined) return undefined;
  const isSmtps = url?.isImplicit === true;
  const own = part(settings.portEnv) ?? url?.port;
  const port = portOf(own, settings) ?? (isSmtps ? IMPLICIT_TLS_PORT : SUBMISSION_PORT);
  const user = part(settings.userEnv) ?? url?.user;
  const pass = part(settings.passEnv) ?? url?.pass;
  const isImplicit = isSmtps || port === IMPLICIT_TLS_PORT;
  const usual = isImplicit ? "implicit" : pass === undefined ? "opportunistic" : "starttls";
  return { host, port, user, pass, tls: settings.tls ?? usual };
}

interface ServerUrl {
  readonly host: string;
  readonly port: string | undefined;
  readonly user: string | undefined;
  readonly pass: string | undefined;
  readonly isImplicit: boolean;
}

function parseUrl({ urlEnv }: SmtpSettings, env: Env): ServerUrl | undefined {
  const text = urlEnv === undefined ? undefined : valueOf(env, urlEnv);
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^smtps?:$/.test(url.protocol) || url.hostname === "") {
    throw new ChannelError(`${urlEnv} is not a URL such as smtp://user:password@host:587`);
  }
  return {
    host: decodeUrlPart(url.hostname.replace(/^\[|\]$/g, "")),
    port: filled(url.port),
    user: filled(decodeUrlPart(url.username)),
    pass: filled(decodeUrlPart(url.password)),
    isImplicit: url.protocol === "smtps:",
  };
}

function filled(text: string): string | undefined {
  return text === "" ? undefined : text;
}

function portOf(text: string | undefined, { portEnv }: SmtpSettings): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port > 0 && port < 65_536) return port;
  throw new ChannelError(`${portEnv ?? "the port"} is not a port`);
}

import { createTransport } from "nodemailer";
import type { SMTPTransportOptions } from "nodemailer/lib/smtp-transport";
import { type Env, valueOf } from "../../contract/env.ts";
import type { MailSettings } from "../../contract/mail.ts";
import { decodeUrlPart } from "../../contract/text.ts";
import { errorWords } from "../../health/error-words.ts";
import { retry } from "../../run/retry.ts";
import {
  ChannelError,
  deliveryPolicy,
  loggedText,
  type Mail,
  type MailDelivery,
} from "./channel.ts";

type SmtpSettings = Extract<MailSettings, { kind: "smtp" }>;

/** Sends a mail through SMTP; `skipped` when no server is named. */
export async function sendBySmtp(
  settings: SmtpSettings,
  mail: Mail,
  { env, limits, signal }: MailDelivery,
): Promise<"sent" | "skipped"> {
  const { timeoutMs } = limits;
  const server = serverOf(settings, env);
  if (!server) return "skipped";
  const transport = createTransport({
    ...server,
    dnsTimeout: timeoutMs,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
  });
  const attachments = (mail.attachments ?? []).map((it) => ({
    ...it,
    content: Buffer.from(it.content),
  }));
  // Nothing in a mail may make the sender read a file or a URL.
  const safety = { disableFileAccess: true, disableUrlAccess: true };
  const sendOnce = async (): Promise<void> => {
    const limit = AbortSignal.timeout(timeoutMs);
    const either = signal ? AbortSignal.any([signal, limit]) : limit;
    try {
      const message = { ...mail, to: [...mail.to], attachments, ...safety };
      await transport.sendMail({ ...message, signal: either });
    } catch (error) {
      signal?.throwIfAborted();
      if (limit.aborted) throw new ChannelError(`no answer within ${timeoutMs} ms`, 0);
      throw refusalOf(error, server);
    }
  };
  await retry(sendOnce, deliveryPolicy(limits, signal));
  return "sent";
}

/** nodemailer's codes in words. @see https://nodemailer.com/errors */
const WORDS: Readonly<Record<string, string>> = {
  ECONNECTION: "the connection failed",
  ESOCKET: "the connection failed",
  ETIMEDOUT: "no answer in time",
  EDNS: "the host was not found",
  ETLS: "the server refuses STARTTLS, so nothing was sent",
  EAUTH: "the login was refused",
};

/** Codes of failures that another attempt may not have. */
const TEMPORARY: ReadonlySet<string> = new Set(["ECONNECTION", "ESOCKET", "ETIMEDOUT", "EDNS"]);

/** The fields of nodemailer's errors. */
interface MailError {
  readonly code?: string;
  readonly originalCode?: string;
  readonly response?: string;
  readonly responseCode?: number;
}

/**
 * 4xx is temporary, 5xx is final. nodemailer's own text names the host, so the error contains only
 * the code and the server's answer.
 *
 * @see https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1
 */
function refusalOf(error: unknown, { auth }: SmtpServer): ChannelError {
  const { code = "", originalCode, response, responseCode } = error as MailError;
  const isTemporary =
    responseCode === undefined ? TEMPORARY.has(code) : responseCode >= 400 && responseCode < 500;
  const parts = [
    WORDS[code] ?? "the mail was refused",
    // Node's code names the problem of the connection, such as its certificate.
    ...(originalCode === undefined ? [] : [wordsOfCode(originalCode)]),
    ...(response ? [`SMTP ${loggedText(response, [auth?.pass ?? "", auth?.user ?? ""])}`] : []),
  ];
  return new ChannelError(parts.join(": "), isTemporary ? 0 : undefined);
}

function wordsOfCode(code: string): string {
  return errorWords(Object.assign(new Error(code), { code }));
}

/** The part of nodemailer's options that names the server. */
type SmtpServer = Pick<
  SMTPTransportOptions,
  "host" | "port" | "secure" | "requireTLS" | "ignoreTLS"
> & { readonly auth?: { readonly user: string; readonly pass: string } };

/** Well-known ports. @see https://www.rfc-editor.org/rfc/rfc8314#section-3.3 */
const SUBMISSION_PORT = 587;
const IMPLICIT_TLS_PORT = 465;

/**
 * The server that the variables name; undefined when they name none. A variable for one part takes
 * precedence over the URL. A password needs an encrypted connection, unless the settings say
 * `tls: none`.
 */
function serverOf(settings: SmtpSettings, env: Env): SmtpServer | undefined {
  const url = urlOf(settings, env);
  const part = (name: string | undefined, inUrl = ""): string | undefined =>
    (name === undefined ? undefined : valueOf(env, name)) ?? (decodeUrlPart(inUrl) || undefined);
  const host = part(settings.hostEnv, url?.hostname.replace(/^\[|\]$/g, ""));
  if (host === undefined) return undefined;
  const isSmtps = url?.protocol === "smtps:";
  const usualPort = isSmtps ? IMPLICIT_TLS_PORT : SUBMISSION_PORT;
  const port = Number(part(settings.portEnv, url?.port) ?? usualPort);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new ChannelError(`${settings.portEnv ?? "the port"} is not a port`);
  }
  const user = part(settings.userEnv, url?.username);
  const pass = part(settings.passEnv, url?.password);
  const isImplicit = isSmtps || port === IMPLICIT_TLS_PORT;
  const usual = isImplicit ? "implicit" : pass === undefined ? "opportunistic" : "starttls";
  const tls = settings.tls ?? usual;
  return {
    host,
    port,
    secure: tls === "implicit",
    requireTLS: tls === "starttls",
    ignoreTLS: tls === "none",
    ...(user === undefined ? {} : { auth: { user, pass: pass ?? "" } }),
  };
}

function urlOf({ urlEnv }: SmtpSettings, env: Env): URL | undefined {
  const text = urlEnv === undefined ? undefined : valueOf(env, urlEnv);
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^smtps?:$/.test(url.protocol) && url.hostname !== "") return url;
  throw new ChannelError(`${urlEnv} is not a URL such as smtp://user:password@host:587`);
}

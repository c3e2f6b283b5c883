import { ChannelError } from "../channel.ts";
import type { MailSettings } from "../../contract/mail.ts";
import { type Env, valueOf } from "../../contract/env.ts";
import { decodeUrlPart } from "../../contract/text.ts";

type SmtpSettings = Extract<MailSettings, { kind: "smtp" }>;

/** Where mail is handed in. */
export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  readonly user: string | undefined;
  readonly pass: string | undefined;
  readonly tls: NonNullable<SmtpSettings["tls"]>;
}

/** Ports by what they mean. @see https://www.rfc-editor.org/rfc/rfc8314#section-3.3 */
const SUBMISSION_PORT = 587;
const IMPLICIT_TLS_PORT = 465;

/**
 * The server that the variables name; undefined when they name none. A part in a variable of its
 * own wins over the same part of the URL.
 *
 * A password goes over an encrypted connection only, unless the settings say `tls: none`.
 */
export function smtpServer(settings: SmtpSettings, env: Env): SmtpServer | undefined {
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

import { configurationError } from "../contract/configuration-error.ts";
import { valueOf } from "../contract/env.ts";
import { EXIT } from "../contract/exit-code.ts";
import { errorWords } from "../health/error-words.ts";
import { redact } from "../redaction.ts";
import { type JobContext, JobFailure } from "./definition.ts";
import { timeLimit } from "../run/timer.ts";

/** Default time limit of a request, in seconds. */
const TIMEOUT_SECONDS = 60;

/** Length of the part of an error response that the record keeps. */
const BODY_CHARACTERS = 200;

/** Client errors that may pass. @see RFC 9110, 15.5.9; RFC 6585, 4 */
const TEMPORARY_STATUSES: ReadonlySet<number> = new Set([408, 425, 429]);

/** Characters that a header value may contain. @see RFC 9110, 5.5 */
const HEADER_VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]+$/;

/** The options of a job that calls a URL; see `urlOptions` in job.ts. */
export interface UrlOptions {
  readonly url?: string | undefined;
  readonly urlEnv?: string | undefined;
  readonly tokenEnv?: string | undefined;
  readonly tokenHeader?: string | undefined;
  readonly timeoutSeconds?: number | undefined;
}

/**
 * The URL in the options at the path `option`, with its placeholders filled. Throws a
 * ConfigurationError if there is none that can be called.
 */
export function urlOf(
  { job, env }: Pick<JobContext, "job" | "env">,
  { url, urlEnv }: UrlOptions,
  { option = "url", fill = (text: string) => text } = {},
): URL {
  const text = urlEnv === undefined ? url : (valueOf(env, urlEnv) ?? url);
  const where = urlEnv ?? `jobs/${job}/options/${option}`;
  const refused = (message: string, remedy = "Give the whole URL, with https://.") =>
    configurationError(where, message, remedy);
  if (text === undefined) throw refused("is not set.");
  const parsed = URL.parse(fill(text));
  if (!parsed || !/^https?:$/.test(parsed.protocol)) throw refused("is not an HTTP URL.");
  if (parsed.username === "" && parsed.password === "") return parsed;
  throw refused("contains a user or a password, which is not sent.", "Use tokenEnv instead.");
}

/**
 * Sends one request. A server that does not respond is a temporary failure, whose message does not
 * contain the address.
 *
 * It does not follow redirects: they would turn a POST into a GET and send the token to another host.
 */
export async function request(
  context: JobContext,
  options: UrlOptions,
  { method, headers = {} }: { method: string; headers?: Readonly<Record<string, string>> },
): Promise<Response> {
  const { timeoutSeconds = TIMEOUT_SECONDS } = options;
  const url = urlOf(context, options);
  const token = tokenHeaders(context, options);
  try {
    return await fetch(url, {
      method,
      redirect: "manual",
      headers: { ...headers, ...token },
      signal: limitOf(context, timeoutSeconds),
    });
  } catch (error) {
    context.signal.throwIfAborted();
    const message = `${method} was not answered: ${errorWords(error)}`;
    throw JobFailure.temporary(message, { cause: error });
  }
}

/** An answer with its whole body, or the problem because of which there is none and the status is 0. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly problem?: string;
}

/** Asks a URL. It throws only if the run must end. */
export async function ask(
  context: Pick<JobContext, "signal">,
  url: URL,
  { timeoutSeconds, ...init }: RequestInit & { readonly timeoutSeconds: number },
): Promise<Answer> {
  try {
    const response = await fetch(url, { ...init, signal: limitOf(context, timeoutSeconds) });
    return { status: response.status, body: await response.text() };
  } catch (error) {
    context.signal.throwIfAborted();
    return { status: 0, body: "", problem: errorWords(error) };
  }
}

function limitOf({ signal }: Pick<JobContext, "signal">, seconds: number): AbortSignal {
  return AbortSignal.any([signal, timeLimit(seconds * 1000)]);
}

/** The failure for an error response, temporary if it may pass, with the first part of its body. */
export async function responseFailure(method: string, response: Response): Promise<JobFailure> {
  const { status } = response;
  const isTemporary = status >= 500 || TEMPORARY_STATUSES.has(status);
  const isRedirect = status >= 300 && status < 400 && response.headers.has("location");
  const remedy = isRedirect ? ", a redirect. Use the URL to which it leads." : "";
  const body = await response.text().catch(() => "");
  return new JobFailure(`${method} was answered with HTTP ${status}${remedy}`, {
    ...(isTemporary ? { exitCode: EXIT.temporary } : {}),
    details: { httpStatus: status, body: redact(body).slice(0, BODY_CHARACTERS) },
  });
}

/** The header with the token. Empty if there is no token. */
export function tokenHeaders(
  { env }: Pick<JobContext, "env">,
  { tokenEnv, tokenHeader }: UrlOptions,
): Readonly<Record<string, string>> {
  const token = tokenEnv === undefined ? undefined : valueOf(env, tokenEnv)?.trim();
  if (tokenEnv === undefined || token === undefined || token === "") return {};
  if (!HEADER_VALUE.test(token)) {
    const message = "contains characters that a header cannot contain.";
    throw configurationError(tokenEnv, message, "Check whether it contains a line break.");
  }
  return tokenHeader === undefined
    ? { authorization: `Bearer ${token}` }
    : { [tokenHeader]: token };
}

import { EXIT } from "../../contract/exit-code.ts";
import { errorWords } from "../../health/error-words.ts";
import { type JobContext, JobFailure } from "../definition.ts";
import { redact } from "../../redaction.ts";
import { ConfigurationError } from "../../contract/configuration-error.ts";
import { valueOf } from "../../contract/env.ts";

/** An answer that takes longer than this is taken for none. */
const TIMEOUT_SECONDS = 60;

/** How much of a bad answer is kept. */
const BODY_CHARACTERS = 200;

/** Answers with which a server says that it may do better later. @see RFC 9110, 15.5.9; RFC 6585, 4 */
const TEMPORARY_STATUSES: ReadonlySet<number> = new Set([408, 425, 429]);

/** What a header may carry. @see RFC 9110, 5.5 */
const HEADER_VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]+$/;

/** What is asked for, as the options of a job say it. */
export interface UrlOptions {
  readonly url?: string | undefined;
  readonly urlEnv?: string | undefined;
  readonly tokenEnv?: string | undefined;
  readonly tokenHeader?: string | undefined;
  readonly timeoutSeconds?: number | undefined;
}

/** The URL of a job; a ConfigurationError when there is none that can be called. */
export function urlOf({ job, env }: JobContext, { url, urlEnv }: UrlOptions): URL {
  const text = urlEnv === undefined ? url : (valueOf(env, urlEnv) ?? url);
  const where = urlEnv ?? `jobs/${job}/options/url`;
  const remedy = "Give the whole URL, with https://.";
  const refused = (message: string, what = remedy): ConfigurationError =>
    new ConfigurationError([{ where, message, remedy: what }]);
  if (text === undefined) throw refused("is not set.");
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  if (!parsed || !/^https?:$/.test(parsed.protocol)) throw refused("is not a URL of the web.");
  if (parsed.username === "" && parsed.password === "") return parsed;
  throw refused("holds a user or a password, which is not sent.", "Name a token by tokenEnv.");
}

/**
 * One request; a server that is away is a temporary failure, told without its address.
 *
 * A redirect is not followed: it would make a GET of a POST, and take the token to another host.
 */
export async function ask(
  context: JobContext,
  options: UrlOptions,
  { method, headers = {} }: { method: string; headers?: Readonly<Record<string, string>> },
): Promise<Response> {
  const { timeoutSeconds = TIMEOUT_SECONDS } = options;
  const url = urlOf(context, options);
  const token = tokenOf(context, options);
  try {
    return await fetch(url, {
      method,
      redirect: "manual",
      headers: { ...headers, ...token },
      signal: AbortSignal.any([context.signal, AbortSignal.timeout(timeoutSeconds * 1000)]),
    });
  } catch (error) {
    context.signal.throwIfAborted();
    throw new JobFailure(`${method} was not answered: ${reasonOf(error)}`, {
      exitCode: EXIT.temporary,
      cause: error,
    });
  }
}

/** A bad answer as a failure, a temporary one where it may pass, with the first part of its body. */
export async function badAnswer(method: string, response: Response): Promise<JobFailure> {
  const { status } = response;
  const isTemporary = status >= 500 || TEMPORARY_STATUSES.has(status);
  const isElsewhere = status >= 300 && status < 400 && response.headers.has("location");
  const remedy = isElsewhere ? ": it is elsewhere. Give the URL to which it leads." : "";
  const body = await response.text().catch(() => "");
  return new JobFailure(`${method} was answered with HTTP ${status}${remedy}`, {
    ...(isTemporary ? { exitCode: EXIT.temporary } : {}),
    details: { httpStatus: status, body: redact(body).slice(0, BODY_CHARACTERS) },
  });
}

function tokenOf(
  { env }: JobContext,
  { tokenEnv, tokenHeader }: UrlOptions,
): Readonly<Record<string, string>> {
  const token = tokenEnv === undefined ? undefined : valueOf(env, tokenEnv)?.trim();
  if (tokenEnv === undefined || token === undefined || token === "") return {};
  if (!HEADER_VALUE.test(token)) {
    const message = "has characters that no header can carry.";
    const remedy = "See whether a line break came in when it was set.";
    throw new ConfigurationError([{ where: tokenEnv, message, remedy }]);
  }
  return tokenHeader === undefined
    ? { authorization: `Bearer ${token}` }
    : { [tokenHeader]: token };
}

function reasonOf(error: unknown): string {
  const isTimeout = error instanceof Error && error.name === "TimeoutError";
  return isTimeout ? "it took too long" : errorWords(error);
}

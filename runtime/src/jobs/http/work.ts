import type * as z from "zod/mini";
import { EXIT } from "../../exit-code.ts";
import { type JobContext, JobFailure, type JobOutcome } from "../../job-definition.ts";
import { redact } from "../../log/redaction.ts";
import { ConfigurationError } from "../../settings/configuration-error.ts";
import { valueOf } from "../../settings/env.ts";
import { httpJob } from "./options.ts";

/** An answer that takes longer than this is taken for none. */
const TIMEOUT_SECONDS = 60;

/** How much of a bad answer is kept. */
const BODY_CHARACTERS = 200;

/** Answers with which a server says that it may do better later. @see RFC 9110, 15.5.9; RFC 6585, 4 */
const TEMPORARY_STATUSES: ReadonlySet<number> = new Set([408, 425, 429]);

type HttpOptions = z.infer<typeof httpJob.options>;

/** Calls a URL once; a status that is not good is a failure, a temporary one where it may pass. */
export async function callUrl(context: JobContext): Promise<JobOutcome> {
  const options = httpJob.options.parse(context.options);
  const { method = "GET" } = options;
  const url = urlOf(context, options);
  if (context.dryRun) return { status: "skipped", details: { dryRun: true, wouldCall: method } };
  const response = await request(context, url, options);
  const isGood = options.status === undefined ? response.ok : response.status === options.status;
  if (isGood) {
    await response.body?.cancel();
    return { status: "ok", details: { httpStatus: response.status } };
  }
  const isTemporary = response.status >= 500 || TEMPORARY_STATUSES.has(response.status);
  const body = await response.text().catch(() => "");
  throw new JobFailure(`${method} was answered with HTTP ${response.status}`, {
    ...(isTemporary ? { exitCode: EXIT.temporary } : {}),
    details: {
      httpStatus: response.status,
      body: redact(body).slice(0, BODY_CHARACTERS),
    },
  });
}

function urlOf({ job, env }: JobContext, { url, urlEnv }: HttpOptions): URL {
  const text = urlEnv === undefined ? url : (valueOf(env, urlEnv) ?? url);
  if (text !== undefined && URL.canParse(text)) return new URL(text);
  const where = urlEnv ?? `jobs/${job}/options/url`;
  const message = text === undefined ? "is not set." : "is not a URL.";
  throw new ConfigurationError([{ where, message, remedy: "Give the whole URL, with https://." }]);
}

async function request(
  { env, signal }: JobContext,
  url: URL,
  { method = "GET", tokenEnv, timeoutSeconds = TIMEOUT_SECONDS }: HttpOptions,
): Promise<Response> {
  const token = tokenEnv === undefined ? undefined : valueOf(env, tokenEnv);
  try {
    return await fetch(url, {
      method,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutSeconds * 1000)]),
    });
  } catch (error) {
    throw new JobFailure(`${method} was not answered: ${reasonOf(error)}`, {
      exitCode: EXIT.temporary,
      cause: error,
    });
  }
}

/** The system's code where there is one: `fetch failed` says nothing. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Error && "code" in cause) return String(cause.code);
  return error.name === "TimeoutError" ? "it took too long" : error.message;
}

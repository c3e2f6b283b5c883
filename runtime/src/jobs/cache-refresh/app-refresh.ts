import * as z from "zod/mini";
import type { RefreshOutcome, RefreshRequest } from "../../sources/caches/cache-snapshot.ts";
import { errorWords } from "../../health/error-words.ts";
import type { JobContext } from "../definition.ts";
import { redact } from "../../redaction.ts";
import { ConfigurationError } from "../../contract/configuration-error.ts";
import { valueOf } from "../../contract/env.ts";
import type { cacheRefreshJob } from "./options.ts";

type Options = z.infer<typeof cacheRefreshJob.options>;

/** One answer may take so long, in s: a sheet with thousands of rows takes half of it. */
const TIMEOUT_SECONDS = 60;

/** What of an app's own error is kept. */
const ERROR_CHARACTERS = 200;

/** What an app may tell of its refresh; it need not tell anything. */
const AppAnswer = z.object({
  result: z.optional(z.enum(["ok", "retry_ok", "fail"])),
  retries: z.optional(z.int()),
  ttl_expired: z.optional(z.boolean()),
  count: z.optional(z.int()),
  error: z.optional(z.nullable(z.string())),
});

/** Asks the app to refresh one of its own caches, with who asks for it. It does not fail. */
export async function refreshInApp(
  context: JobContext,
  options: Options,
  { bucket, request }: { readonly bucket: string; readonly request: RefreshRequest },
): Promise<RefreshOutcome> {
  const startedMs = performance.now();
  const answer = await ask(context, options, { bucket, request });
  const { result, retries = 0, ttl_expired = null, count = null, error = null } = answer;
  const isGood = result ?? (error === null ? "ok" : "fail");
  const told = error === null ? null : redact(error).slice(0, ERROR_CHARACTERS);
  const duration = Math.round(performance.now() - startedMs);
  return { bucket, ...request, duration, result: isGood, retries, ttl_expired, count, error: told };
}

/** Where the app refreshes a cache: under its own port, or at a URL. */
function refreshUrl(
  { job, env }: Pick<JobContext, "job" | "env">,
  { path, url, urlEnv }: Options,
  bucket: string,
): URL {
  const template = path === undefined ? urlOf(env, url, urlEnv) : `${ownUrl(env)}${path}`;
  const text = template?.replaceAll("{bucket}", encodeURIComponent(bucket));
  if (text !== undefined && URL.canParse(text)) return new URL(text);
  const where = path === undefined && urlEnv !== undefined ? urlEnv : `jobs/${job}/options/url`;
  const message = text === undefined ? "is not set." : "is not a URL.";
  throw new ConfigurationError([{ where, message, remedy: "Give the whole URL, with https://." }]);
}

function urlOf(
  env: JobContext["env"],
  url: string | undefined,
  urlEnv: string | undefined,
): string | undefined {
  return urlEnv === undefined ? url : (valueOf(env, urlEnv) ?? url);
}

/** The platform's port: the app listens there, or the runtime in front of it, which passes it on. */
function ownUrl(env: JobContext["env"]): string {
  const port = valueOf(env, "PORT");
  if (port !== undefined) return `http://127.0.0.1:${port}`;
  const remedy = "Set it to the port of the app, or say url instead of path.";
  throw new ConfigurationError([{ where: "PORT", message: "is not set.", remedy }]);
}

async function ask(
  context: JobContext,
  options: Options,
  asked: { readonly bucket: string; readonly request: RefreshRequest },
): Promise<z.infer<typeof AppAnswer>> {
  const { env, signal } = context;
  const { tokenEnv, timeoutSeconds = TIMEOUT_SECONDS } = options;
  const token = tokenEnv === undefined ? undefined : valueOf(env, tokenEnv);
  const url = refreshUrl(context, options, asked.bucket);
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ bucket: asked.bucket, ...asked.request }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutSeconds * 1000)]),
    });
    const said = readAnswer(await answer.text());
    if (answer.ok) return said;
    return { ...said, result: "fail", error: said.error ?? `the app said HTTP ${answer.status}` };
  } catch (error) {
    return { result: "fail", error: `the app did not answer: ${errorWords(error)}` };
  }
}

/** An answer in another form says only by its status how it went. */
function readAnswer(text: string): z.infer<typeof AppAnswer> {
  try {
    return AppAnswer.parse(JSON.parse(text));
  } catch {
    return {};
  }
}

import * as z from "zod/mini";
import { ConfigurationError } from "../../contract/configuration-error.ts";
import { valueOf } from "../../contract/env.ts";
import { EXIT } from "../../contract/exit-code.ts";
import { errorWords } from "../../health/error-words.ts";
import { redact } from "../../redaction.ts";
import { ALL_CACHES, refreshRequestOf } from "../../sources/caches/caches.ts";
import {
  logRefresh,
  type RefreshOutcome,
  type RefreshRequest,
} from "../../sources/caches/cache.ts";
import { type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import { tokenHeaders } from "../request.ts";
import { cacheRefreshJob } from "./options.ts";

type Options = z.infer<typeof cacheRefreshJob.options>;

/** Default time limit of a request, in seconds: twice what a sheet with thousands of rows takes. */
const TIMEOUT_SECONDS = 60;

/** Length of the part of an app's error that is kept. */
const ERROR_CHARACTERS = 200;

/** Optional answer of an app that refreshed a cache. */
const AppAnswer = z.object({
  result: z.optional(z.enum(["ok", "retry_ok", "fail"])),
  retries: z.optional(z.int()),
  ttl_expired: z.optional(z.boolean()),
  count: z.optional(z.int()),
  error: z.optional(z.nullable(z.string())),
});

type AppAnswer = z.infer<typeof AppAnswer>;

/**
 * Refreshes caches at the same time. A cache that cannot be read keeps its old value, and the run
 * fails, so that an operator notices.
 */
export async function work(context: JobContext): Promise<JobOutcome> {
  const options = cacheRefreshJob.options.parse(context.options);
  const input = cacheRefreshJob.input.parse(context.input);
  const buckets = [input.bucket ?? options.bucket ?? ALL_CACHES].flat();
  const isInApp = [options.path, options.url, options.urlEnv].some((it) => it !== undefined);
  const refresh = isInApp ? appRefresh(context, options, buckets) : ownRefresh(context, buckets);
  if (context.dryRun) {
    return { status: "skipped", details: { dryRun: true, wouldRefresh: refresh.names } };
  }
  const outcomes = await Promise.all(refresh.names.map((name) => refresh.one(name)));
  const failed = outcomes.filter(({ result }) => result === "fail");
  const details = { caches: outcomes };
  if (failed.length === 0) return { status: "ok", details };
  const which = failed.map(({ bucket, error }) => `${bucket} (${error ?? "unknown"})`).join("; ");
  const message = `${failed.length} of ${outcomes.length} caches keep their old value: ${which}`;
  throw new JobFailure(message, { exitCode: EXIT.temporary, details });
}

interface Refresh {
  readonly names: readonly string[];
  readonly one: (name: string) => Promise<RefreshOutcome>;
}

/** Refreshes caches of this process, which log their own refresh. */
function ownRefresh({ job, process, actor }: JobContext, buckets: readonly string[]): Refresh {
  const caches = process?.caches;
  const known = caches?.snapshots().map(({ name }) => name) ?? [];
  const names = buckets.includes(ALL_CACHES) ? known : buckets;
  const unknown = names.filter((name) => !known.includes(name));
  if (!caches || known.length === 0 || unknown.length > 0) throw noSuchCache(job, unknown, known);
  const one = async (name: string): Promise<RefreshOutcome> => {
    const outcome = await caches.refresh(name, refreshRequestOf(actor));
    if (!outcome) throw new Error(`unreachable: there is no cache ${name}`);
    return outcome;
  };
  return { names, one };
}

/** Refreshes caches of the app. If the options name no cache, the app gets the name `all`. */
function appRefresh(context: JobContext, options: Options, buckets: readonly string[]): Refresh {
  const declared = [options.bucket ?? []].flat().filter((name) => name !== ALL_CACHES);
  const isAll = buckets.includes(ALL_CACHES) && declared.length > 0;
  const names = isAll ? declared : buckets;
  const unknown = declared.length === 0 ? [] : names.filter((name) => !declared.includes(name));
  if (unknown.length > 0) throw noSuchCache(context.job, unknown, declared);
  const one = async (bucket: string): Promise<RefreshOutcome> => {
    const outcome = await refreshInApp(context, options, bucket);
    logRefresh(context.log, outcome);
    return outcome;
  };
  return { names, one };
}

function noSuchCache(
  job: string,
  unknown: readonly string[],
  known: readonly string[],
): ConfigurationError {
  const where = `jobs/${job}/bucket`;
  if (known.length === 0) {
    const remedy = "Declare them under caches: of the service, or set path: if the app has them.";
    return new ConfigurationError([{ where, message: "the process has no caches.", remedy }]);
  }
  const remedy = `The caches are: ${[...known, ALL_CACHES].join(", ")}.`;
  return new ConfigurationError(
    unknown.map((name) => ({ where, message: `there is no cache "${name}".`, remedy })),
  );
}

/** Asks the app to refresh one of its caches. An error is part of the outcome. */
async function refreshInApp(
  context: JobContext,
  options: Options,
  bucket: string,
): Promise<RefreshOutcome> {
  const startedMs = performance.now();
  const request = refreshRequestOf(context.actor);
  const answer = await post(context, options, { bucket, ...request });
  const { result, retries = 0, ttl_expired = null, count = null, error = null } = answer;
  return {
    bucket,
    ...request,
    duration: Math.round(performance.now() - startedMs),
    result: result ?? (error === null ? "ok" : "fail"),
    retries,
    ttl_expired,
    count,
    error: error === null ? null : redact(error).slice(0, ERROR_CHARACTERS),
  };
}

async function post(
  context: JobContext,
  options: Options,
  body: RefreshRequest & { readonly bucket: string },
): Promise<AppAnswer> {
  const { tokenEnv, timeoutSeconds = TIMEOUT_SECONDS } = options;
  const token = tokenHeaders(context, { tokenEnv });
  const url = refreshUrl(context, options, body.bucket);
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...token },
      body: JSON.stringify(body),
      signal: AbortSignal.any([context.signal, AbortSignal.timeout(timeoutSeconds * 1000)]),
    });
    const answer = parseAnswer(await response.text());
    if (response.ok) return answer;
    const error = answer.error ?? `the app answered with HTTP ${response.status}`;
    return { ...answer, result: "fail", error };
  } catch (error) {
    return { result: "fail", error: `the app did not answer: ${errorWords(error)}` };
  }
}

/** An answer in another format counts by its status only. */
function parseAnswer(text: string): AppAnswer {
  try {
    return AppAnswer.parse(JSON.parse(text));
  } catch {
    return {};
  }
}

function refreshUrl(
  { job, env }: Pick<JobContext, "job" | "env">,
  { path, url, urlEnv }: Options,
  bucket: string,
): URL {
  const given = urlEnv === undefined ? url : (valueOf(env, urlEnv) ?? url);
  const template = path === undefined ? given : `${ownUrl(env)}${path}`;
  const parsed = URL.parse(template?.replaceAll("{bucket}", encodeURIComponent(bucket)) ?? "");
  if (parsed) return parsed;
  const where = path === undefined && urlEnv !== undefined ? urlEnv : `jobs/${job}/options/url`;
  const message = template === undefined ? "is not set." : "is not a URL.";
  throw new ConfigurationError([{ where, message, remedy: "Give the whole URL, with https://." }]);
}

/** The platform's port. The app listens there, or the reverse proxy, which forwards to the app. */
function ownUrl(env: JobContext["env"]): string {
  const port = valueOf(env, "PORT");
  if (port !== undefined) return `http://127.0.0.1:${port}`;
  const remedy = "Set it to the port of the app, or use url instead of path.";
  throw new ConfigurationError([{ where: "PORT", message: "is not set.", remedy }]);
}

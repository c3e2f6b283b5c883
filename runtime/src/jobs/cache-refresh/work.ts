import * as z from "zod/mini";
import { ConfigurationError, configurationError } from "../../contract/configuration-error.ts";
import { valueOf } from "../../contract/env.ts";
import { parseObject } from "../../contract/text.ts";
import { redact } from "../../redaction.ts";
import { ALL_CACHES, refreshRequestOf } from "../../sources/caches.ts";
import { logRefresh, type RefreshOutcome } from "../../sources/cache.ts";
import { dryRunOutcome, type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import { ask, tokenHeaders, urlOf } from "../request.ts";
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

/**
 * Refreshes caches at the same time. A cache that cannot be read keeps its old value, and the run
 * fails, so that an operator notices.
 */
export async function work(context: JobContext): Promise<JobOutcome> {
  const options = cacheRefreshJob.options.parse(context.options);
  const input = cacheRefreshJob.input.parse(context.input);
  const isInApp = [options.path, options.url, options.urlEnv].some((it) => it !== undefined);
  const wanted = [input.bucket ?? options.bucket ?? ALL_CACHES].flat();
  const names = isInApp ? cachesOfApp(context, options, wanted) : ownCaches(context, wanted);
  if (context.dryRun) return dryRunOutcome({ wouldRefresh: names });
  const outcomes = await Promise.all(
    names.map((name) =>
      isInApp ? refreshInApp(context, options, name) : refreshOwn(context, name),
    ),
  );
  const failed = outcomes.filter(({ result }) => result === "fail");
  const details = { caches: outcomes };
  if (failed.length === 0) return { status: "ok", details };
  const which = failed.map(({ bucket, error }) => `${bucket} (${error ?? "unknown"})`).join("; ");
  const message = `${failed.length} of ${outcomes.length} caches keep their old value: ${which}`;
  throw JobFailure.temporary(message, { details });
}

function ownCaches({ job, process }: JobContext, wanted: readonly string[]): readonly string[] {
  const known = process?.caches.snapshots().map(({ name }) => name) ?? [];
  if (known.length > 0) return checkNames(job, wanted.includes(ALL_CACHES) ? known : wanted, known);
  const remedy = "Declare them under caches: of the service, or set path: if the app has them.";
  throw configurationError(`jobs/${job}/bucket`, "the process has no caches.", remedy);
}

/** If the options name no cache, the app gets any name, also `all`. */
function cachesOfApp(
  { job }: JobContext,
  { bucket = [] }: Options,
  wanted: readonly string[],
): readonly string[] {
  const known = [bucket].flat().filter((name) => name !== ALL_CACHES);
  if (known.length === 0) return wanted;
  return checkNames(job, wanted.includes(ALL_CACHES) ? known : wanted, known);
}

function checkNames(
  job: string,
  names: readonly string[],
  known: readonly string[],
): readonly string[] {
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0) return names;
  const where = `jobs/${job}/bucket`;
  const remedy = `The caches are: ${[...known, ALL_CACHES].join(", ")}.`;
  throw new ConfigurationError(
    unknown.map((name) => ({ where, message: `there is no cache "${name}".`, remedy })),
  );
}

/** A cache of this process logs its own refresh. */
async function refreshOwn({ process, actor }: JobContext, name: string): Promise<RefreshOutcome> {
  const outcome = await process?.caches.refresh(name, refreshRequestOf(actor));
  if (!outcome) throw new Error(`unreachable: there is no cache ${name}`);
  return outcome;
}

/** Asks the app to refresh one of its caches. An error is part of the outcome. */
async function refreshInApp(
  context: JobContext,
  options: Options,
  bucket: string,
): Promise<RefreshOutcome> {
  const startedMs = performance.now();
  const request = { bucket, ...refreshRequestOf(context.actor) };
  const { tokenEnv, timeoutSeconds = TIMEOUT_SECONDS } = options;
  const { status, body, problem } = await ask(context, refreshUrl(context, options, bucket), {
    method: "POST",
    headers: { "content-type": "application/json", ...tokenHeaders(context, { tokenEnv }) },
    body: JSON.stringify(request),
    timeoutSeconds,
  });
  // An answer in another format counts by its status only.
  const answer = AppAnswer.safeParse(parseObject(body)).data ?? {};
  const isRefused = status < 200 || status > 299;
  const why = problem
    ? `the app did not answer: ${problem}`
    : `the app answered with HTTP ${status}`;
  const error = answer.error ?? (isRefused ? why : null);
  const outcome: RefreshOutcome = {
    ...request,
    duration: Math.round(performance.now() - startedMs),
    result: isRefused ? "fail" : (answer.result ?? (error === null ? "ok" : "fail")),
    retries: answer.retries ?? 0,
    ttl_expired: answer.ttl_expired ?? null,
    count: answer.count ?? null,
    error: error === null ? null : redact(error).slice(0, ERROR_CHARACTERS),
  };
  logRefresh(context.log, outcome);
  return outcome;
}

function refreshUrl(context: JobContext, { path, url, urlEnv }: Options, bucket: string): URL {
  const target = path === undefined ? { url, urlEnv } : { url: `${ownUrl(context)}${path}` };
  const fill = (text: string) => text.replaceAll("{bucket}", encodeURIComponent(bucket));
  return urlOf(context, target, { fill });
}

/** The platform's port. The app listens there, or the reverse proxy, which forwards to the app. */
function ownUrl({ env }: JobContext): string {
  const port = valueOf(env, "PORT");
  if (port !== undefined) return `http://127.0.0.1:${port}`;
  const remedy = "Set it to the port of the app, or use url instead of path.";
  throw configurationError("PORT", "is not set.", remedy);
}

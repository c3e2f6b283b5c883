import type * as z from "zod/mini";
import { ALL_CACHES } from "../../sources/caches/bounded-refresh.ts";
import type { Caches } from "../../sources/caches/caches.ts";
import type { RefreshOutcome } from "../../sources/caches/cache-snapshot.ts";
import { logRefresh } from "../../sources/caches/refresh-log.ts";
import { refreshRequestOf } from "../../sources/caches/refresh-request.ts";
import { EXIT } from "../../contract/exit-code.ts";
import { type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import { ConfigurationError } from "../../contract/configuration-error.ts";
import { refreshInApp } from "./app-refresh.ts";
import { cacheRefreshJob } from "./options.ts";

type Options = z.infer<typeof cacheRefreshJob.options>;

/**
 * Refreshes caches, all at the same time. One that cannot be read keeps its old value, and the run
 * fails when any of them does, so that somebody sees it.
 */
export async function work(context: JobContext): Promise<JobOutcome> {
  const options = cacheRefreshJob.options.parse(context.options);
  const input = cacheRefreshJob.input.parse(context.input);
  const buckets = [input.bucket ?? options.bucket ?? ALL_CACHES].flat();
  const isOfApp = [options.path, options.url, options.urlEnv].some((it) => it !== undefined);
  const refresh = isOfApp ? ofApp(context, options, buckets) : ofProcess(context, buckets);
  if (context.dryRun) {
    return { status: "skipped", details: { dryRun: true, wouldRefresh: refresh.names } };
  }
  const outcomes = await Promise.all(refresh.names.map((name) => refresh.one(name)));
  const failed = outcomes.filter(({ result }) => result === "fail");
  const details = { caches: outcomes };
  if (failed.length === 0) return { status: "ok", details };
  const which = failed.map(({ bucket, error }) => `${bucket} (${error ?? "unknown"})`).join("; ");
  throw new JobFailure(
    `${failed.length} of ${outcomes.length} caches keep their old value: ${which}`,
    {
      exitCode: EXIT.temporary,
      details,
    },
  );
}

interface Refresh {
  readonly names: readonly string[];
  readonly one: (name: string) => Promise<RefreshOutcome>;
}

/** The caches that this process holds; each tells its own refresh in a line. */
function ofProcess({ job, process, actor }: JobContext, buckets: readonly string[]): Refresh {
  const caches = process?.caches;
  const known = caches?.snapshots().map(({ name }) => name) ?? [];
  const names = buckets.includes(ALL_CACHES) ? known : buckets;
  const unknown = names.filter((name) => !known.includes(name));
  if (!caches || known.length === 0 || unknown.length > 0) throw noSuchCache(job, unknown, known);
  const request = refreshRequestOf(actor);
  return { names, one: (name) => refreshOne(caches, name, request) };
}

async function refreshOne(
  caches: Caches,
  name: string,
  request: Parameters<Caches["refresh"]>[1],
): Promise<RefreshOutcome> {
  const outcome = await caches.refresh(name, request);
  if (!outcome) throw new Error(`unreachable: the cache ${name} is gone`);
  return outcome;
}

/** The caches that the app holds: `all` is a name for it as any other, unless the options name them. */
function ofApp(context: JobContext, options: Options, buckets: readonly string[]): Refresh {
  const declared = [options.bucket ?? []].flat().filter((name) => name !== ALL_CACHES);
  const isAll = buckets.includes(ALL_CACHES) && declared.length > 0;
  const names = isAll ? declared : buckets;
  const unknown = declared.length === 0 ? [] : names.filter((name) => !declared.includes(name));
  if (unknown.length > 0) throw noSuchCache(context.job, unknown, declared);
  const request = refreshRequestOf(context.actor);
  return {
    names,
    one: async (bucket) => {
      const outcome = await refreshInApp(context, options, { bucket, request });
      logRefresh(context.log, outcome);
      return outcome;
    },
  };
}

function noSuchCache(
  job: string,
  unknown: readonly string[],
  known: readonly string[],
): ConfigurationError {
  const where = `jobs/${job}/bucket`;
  if (known.length === 0) {
    const remedy = "Name them under caches: of the service, or say path: when the app holds them.";
    return new ConfigurationError([{ where, message: "the process has no caches.", remedy }]);
  }
  const remedy = `There are: ${[...known, ALL_CACHES].join(", ")}.`;
  return new ConfigurationError(
    unknown.map((name) => ({ where, message: `there is no cache "${name}".`, remedy })),
  );
}

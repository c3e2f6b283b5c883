import { randomUUID } from "node:crypto";
import { HttpError } from "../http.ts";
import { runJob } from "../run/run-job.ts";
import { planRun, type RunProcess, type RunRequest } from "../run/run.ts";
import type { RunRecord } from "../contract/run-record.ts";

/** Finished runs that are kept in memory besides the store: a dry run is in no store. */
const ENDED_MAX = 200;

/** The runs that were started through this API. */
export interface StartedRuns {
  /**
   * Starts a run and returns its id. With the id of a run that exists it starts none: the state store
   * knows the runs of all instances. Throws an HttpError if that run is of another job.
   */
  start(request: RunRequest): Promise<string>;
  /** `running` until it finishes; undefined for an unknown run. */
  find(runId: string): Promise<RunRecord | "running" | undefined>;
  /** Waits until a run finishes; undefined when it could not be started. */
  endOf(runId: string): Promise<RunRecord | undefined>;
  /** Waits until all of them finish. */
  settled(): Promise<void>;
}

/** Keeps track of the runs of a process that somebody requested. */
export function startedRuns(process: RunProcess): StartedRuns {
  const running = new Map<string, Promise<void>>();
  const ended = new Map<string, RunRecord>();
  const follow = async (runId: string, request: RunRequest): Promise<void> => {
    try {
      const record = await runJob(process, request);
      ended.set(runId, record);
    } catch (error) {
      process.log.error({ err: error, job: request.job, runId }, "a run could not be started");
    } finally {
      running.delete(runId);
    }
    const [oldest] = ended.keys();
    if (ended.size > ENDED_MAX && oldest !== undefined) ended.delete(oldest);
  };
  return {
    start: async (request) => {
      const runId = request.runId ?? randomUUID();
      if (request.runId === undefined || (await isNew(process, { ...request, runId }))) {
        if (!running.has(runId)) running.set(runId, follow(runId, { ...request, runId }));
      }
      return runId;
    },
    find: async (runId) => {
      if (running.has(runId) || process.active.has(runId)) return "running";
      const known = ended.get(runId) ?? (await process.records.find(runId));
      // Another instance runs it, or recovers it when that instance vanished.
      return known ?? ((await process.records.startOf(runId)) && "running");
    },
    endOf: async (runId) => {
      await running.get(runId);
      return ended.get(runId);
    },
    settled: async () => {
      await Promise.all(running.values());
    },
  };
}

/** Claims the id of a run in the state store, so that a repeated request starts no second run. */
async function isNew(
  process: RunProcess,
  request: RunRequest & { runId: string },
): Promise<boolean> {
  const { runId, job } = request;
  // A dry run is in no store.
  const isClaimed =
    !request.dryRun && (await process.records.begin(planRun(process, request).start));
  if (isClaimed) return true;
  const start = await process.records.startOf(runId);
  if (start === undefined) return true;
  if (start.job === job) return false;
  throw new HttpError(409, `runId: the run ${runId} is of the job "${start.job}". Use a new UUID.`);
}

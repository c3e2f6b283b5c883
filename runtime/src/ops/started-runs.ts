import { randomUUID } from "node:crypto";
import { runJob } from "../run/run-job.ts";
import type { RunRequest, RunProcess } from "../run/run.ts";
import type { RunRecord } from "../contract/run-record.ts";

/** Finished runs that are kept in memory besides the store: a dry run is in no store. */
const ENDED_MAX = 200;

/** The runs that were started through this API. */
export interface StartedRuns {
  /** Starts a run, or returns the id of the run that was started with it before. */
  start(request: RunRequest): string;
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
    start: (request) => {
      const runId = request.runId ?? randomUUID();
      if (!running.has(runId) && !ended.has(runId)) {
        running.set(runId, follow(runId, { ...request, runId }));
      }
      return runId;
    },
    find: async (runId) => {
      if (running.has(runId) || process.active.has(runId)) return "running";
      return ended.get(runId) ?? (await process.records.find(runId));
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

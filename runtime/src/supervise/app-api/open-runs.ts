import { appRunStart, endAppRun, type AppRunEnd, type AppRunProcess } from "../../run/app-runs.ts";
import type { Health } from "../../health/health.ts";
import { HttpError } from "../../http.ts";
import type { RunRecord, RunStart } from "../../contract/run-record.ts";

/** Maximum number of open runs. An app with more starts runs and never ends them. */
const OPEN_MAX = 100;

/** Runs that the app started and did not end yet. */
export interface OpenRuns {
  start(job: string): Promise<string>;
  /** Undefined when no such run is open. */
  end(runId: string, ending: Omit<AppRunEnd, "durationMs">): Promise<RunRecord | undefined>;
  /** Records all open runs as lost, because the app ended. */
  loseAll(): Promise<void>;
}

/** Keeps track of open runs, so that a run whose app dies is recorded as lost. */
export function openRuns(process: AppRunProcess, health: Health): OpenRuns {
  const open = new Map<string, { readonly start: RunStart; readonly sinceMs: number }>();
  const end: OpenRuns["end"] = async (runId, ending) => {
    const run = open.get(runId);
    if (!run) return undefined;
    open.delete(runId);
    process.active.delete(runId);
    const durationMs = Math.round(performance.now() - run.sinceMs);
    return endAppRun(process, run.start, { ...ending, durationMs });
  };
  return {
    start: async (job) => {
      if (open.size >= OPEN_MAX) throw new HttpError(429, `${OPEN_MAX} runs are open; end some`);
      const start = appRunStart(process, job, { startedAt: new Date() });
      open.set(start.runId, { start, sinceMs: performance.now() });
      process.active.set(start.runId, start);
      health.noteRun(start);
      await process.records.begin(start).catch((error: unknown) => {
        process.log.error({ err: error, job }, "the start of the run could not be recorded");
      });
      return start.runId;
    },
    end,
    loseAll: async () => {
      const ending = { status: "lost", error: "the app ended before the run did" } as const;
      await Promise.all([...open.keys()].map((runId) => end(runId, ending)));
    },
  };
}

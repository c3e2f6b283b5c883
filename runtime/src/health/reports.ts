import type { RunRecord, RunStart, RunStatus } from "../contract/run-record.ts";
import type { Clock } from "../run/clock.ts";

/**
 * Most names of components, heartbeats, readiness, events and jobs, and most label sets of one event:
 * a program that makes up names must not fill the memory.
 */
const NAMES_MAX = 200;

/** What the app says about a part of itself. */
export interface ComponentReport {
  readonly ok: boolean;
  /** What is wrong, in words for operators. */
  readonly detail?: string | undefined;
}

/** A report with the time at which it came. */
export interface ReportedComponent extends ComponentReport {
  readonly at: Date;
  /** When it last became ok; kept while it is not. */
  readonly becameOkAt: Date | undefined;
  /** Since when it is not ok. */
  readonly notOkSince: Date | undefined;
}

/** What the app has reported since the process began. */
export type Reports = ReturnType<typeof createReports>;

/** Reports of a process that just began. */
export function createReports(clock: Clock) {
  const components = new Map<string, ReportedComponent>();
  const heartbeats = new Map<string, Date>();
  const readiness = new Map<string, boolean>();
  let signAt: Date | undefined;
  return {
    reportComponent: (name: string, { ok, detail }: ComponentReport): void => {
      const at = (signAt = clock.now());
      const before = components.get(name);
      const becameOkAt = ok && before?.ok !== true ? at : before?.becameOkAt;
      const notOkSince = ok ? undefined : (before?.notOkSince ?? at);
      remember(components, name, { ok, detail, at, becameOkAt, notOkSince });
    },
    components: components as ReadonlyMap<string, ReportedComponent>,
    /** Forgets the reports of an app that ended: the next one has reported nothing yet. */
    forgetComponents: (): void => components.clear(),
    /** Records a sign of life with its age: an app may report how long its own loop has hung. */
    beat: (name: string, ageMs = 0): void => {
      signAt = clock.now();
      remember(heartbeats, name, new Date(signAt.getTime() - ageMs));
    },
    heartbeats: heartbeats as ReadonlyMap<string, Date>,
    noteSign: (): void => void (signAt = clock.now()),
    /** The latest sign of life of any kind: a beat, a report, a run. */
    lastSign: (): Date | undefined => signAt,
    setReady: (name: string, isReady: boolean): void => remember(readiness, name, isReady),
    /** Names that reported that they are not ready. */
    notReady: (): string[] => [...readiness].flatMap(([name, isReady]) => (isReady ? [] : [name])),
  };
}

function remember<T>(map: Map<string, T>, name: string, value: T): void {
  if (map.size < NAMES_MAX || map.has(name)) map.set(name, value);
}

type Labels = Readonly<Record<string, string>>;
type EventCount = Readonly<{ labels: Labels; count: number }>;

/** Events that the app reported since the process began. */
export type EventTally = ReturnType<typeof createEventTally>;

/** An empty tally. */
export function createEventTally() {
  const events = new Map<string, Map<string, EventCount>>();
  /** How often the event was reported with each set of labels. */
  const counts = (name: string) => [...(events.get(name)?.values() ?? [])];
  return {
    note: (name: string, labels: Labels = {}): void => {
      const known = events.get(name) ?? new Map<string, EventCount>();
      remember(events, name, known);
      const key = JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
      remember(known, key, { labels, count: (known.get(key)?.count ?? 0) + 1 });
    },
    counts,
    /** Sum over all labels; 0 for an event that was never reported. */
    total: (name: string): number => counts(name).reduce((sum, it) => sum + it.count, 0),
    names: (): string[] => [...events.keys()],
  };
}

/** A run of a job that began, or, with a status, one that ended. A RunRecord is one. */
export type NotedRun = Pick<RunStart, "job" | "runId"> &
  Partial<Pick<RunRecord, "status" | "durationMs" | "attempt">>;

/** Counts of one job's runs since the process began. A skipped run counts by its status only. */
export type JobTally = Readonly<ReturnType<typeof newTally>>;

function newTally() {
  return {
    runs: new Map<RunStatus, number>(),
    attempts: 0,
    /** Attempts after the first of each run. */
    retries: 0,
    success: 0,
    failure: 0,
    /** In seconds. */
    durationSum: 0,
    durationMax: 0,
    lastSuccessAt: undefined as Date | undefined,
  };
}

/** When something last happened, in any job. */
interface LastRuns {
  startedAt?: Date;
  finishedAt?: Date;
  successAt?: Date;
  failureAt?: Date;
  consecutiveFailures: number;
}

/** The runs of a process since it began. It reads no store, so it costs nothing at start. */
export type RunTally = ReturnType<typeof createRunTally>;

/** An empty tally. A skipped run is neither a success nor a failure. */
export function createRunTally(clock: Clock) {
  const jobs = new Map<string, ReturnType<typeof newTally>>();
  const current = new Map<string, { job: string; runId: string; since: Date }>();
  const last: LastRuns = { consecutiveFailures: 0 };
  return {
    note: ({ job, runId, status, durationMs = 0, attempt = 1 }: NotedRun): void => {
      const now = clock.now();
      if (status === undefined) {
        last.startedAt = now;
        remember(current, runId, { job, runId, since: now });
        return;
      }
      current.delete(runId);
      const tally = jobs.get(job) ?? newTally();
      remember(jobs, job, tally);
      tally.runs.set(status, (tally.runs.get(status) ?? 0) + 1);
      if (status === "skipped") return;
      const isOk = status === "ok";
      last.finishedAt = now;
      last[isOk ? "successAt" : "failureAt"] = now;
      last.consecutiveFailures = isOk ? 0 : last.consecutiveFailures + 1;
      tally[isOk ? "success" : "failure"] += 1;
      if (isOk) tally.lastSuccessAt = now;
      tally.attempts += attempt;
      tally.retries += Math.max(0, attempt - 1);
      tally.durationSum += durationMs / 1000;
      tally.durationMax = Math.max(tally.durationMax, durationMs / 1000);
    },
    jobs: jobs as ReadonlyMap<string, JobTally>,
    /** Runs that have begun and not ended, oldest first. */
    current: () => [...current.values()],
    last: last as Readonly<LastRuns>,
  };
}

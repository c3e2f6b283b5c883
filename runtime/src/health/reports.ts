import type { RunStatus } from "../contract/run-record.ts";
import type { Clock } from "../run/clock.ts";

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

/** A run of a job that began, or, with a status, one that ended. A RunRecord is one. */
export interface NotedRun {
  readonly job: string;
  readonly runId: string;
  readonly status?: RunStatus;
  readonly durationMs?: number;
  /** How many attempts were made. */
  readonly attempt?: number;
}

/**
 * Most names of components, heartbeats, readiness and events, and most label sets of one event: a
 * program that makes up names must not fill the memory.
 */
export const NAMES_MAX = 200;

/** What the app has reported since the process began. */
export interface Reports {
  reportComponent(name: string, report: ComponentReport): void;
  component(name: string): ReportedComponent | undefined;
  components(): ReadonlyMap<string, ReportedComponent>;
  /** Forgets the reports of an app that ended: the next one has reported nothing yet. */
  forgetComponents(): void;
  /** Records a sign of life with its age: an app may report how long its own loop has hung. */
  beat(name: string, ageMs?: number): void;
  heartbeat(name: string): Date | undefined;
  heartbeats(): ReadonlyMap<string, Date>;
  /** The latest sign of life of any kind: a beat, a report, a run. */
  lastSign(): Date | undefined;
  noteSign(): void;
  setReady(name: string, isReady: boolean): void;
  /** Names that reported that they are not ready. */
  notReady(): string[];
}

/** Reports of a process that just began. */
export function createReports(clock: Clock): Reports {
  const components = new Map<string, ReportedComponent>();
  const beats = new Map<string, Date>();
  const readiness = new Map<string, boolean>();
  let signAt: Date | undefined;
  const noteSign = (): void => {
    signAt = clock.now();
  };
  return {
    reportComponent: (name, report) => {
      noteSign();
      remember(components, name, toReported(report, components.get(name), clock.now()));
    },
    component: (name) => components.get(name),
    components: () => components,
    forgetComponents: () => components.clear(),
    beat: (name, ageMs = 0) => {
      noteSign();
      remember(beats, name, new Date(clock.now().getTime() - ageMs));
    },
    heartbeat: (name) => beats.get(name),
    heartbeats: () => beats,
    lastSign: () => signAt,
    noteSign,
    setReady: (name, isReady) => remember(readiness, name, isReady),
    notReady: () => [...readiness].flatMap(([name, isReady]) => (isReady ? [] : [name])),
  };
}

function toReported(
  { ok, detail }: ComponentReport,
  before: ReportedComponent | undefined,
  at: Date,
): ReportedComponent {
  return {
    ok,
    detail,
    at,
    becameOkAt: ok && before?.ok !== true ? at : before?.becameOkAt,
    notOkSince: ok ? undefined : (before?.notOkSince ?? at),
  };
}

function remember<T>(map: Map<string, T>, name: string, value: T): void {
  if (map.size < NAMES_MAX || map.has(name)) map.set(name, value);
}

/** How often an event with these labels was reported. */
export interface EventCount {
  readonly labels: Readonly<Record<string, string>>;
  readonly count: number;
}

/** Events that the app reported since the process began. */
export interface EventTally {
  note(name: string, labels?: Readonly<Record<string, string>>): void;
  /** Sum over all labels; 0 for an event that was never reported. */
  total(name: string): number;
  counts(name: string): readonly EventCount[];
  names(): readonly string[];
}

/** An empty tally. */
export function createEventTally(): EventTally {
  const events = new Map<string, Map<string, EventCount>>();
  const counts = (name: string): EventCount[] => [...(events.get(name)?.values() ?? [])];
  return {
    note: (name, labels = {}) => {
      const known = events.get(name) ?? new Map<string, EventCount>();
      remember(events, name, known);
      const key = JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
      remember(known, key, { labels, count: (known.get(key)?.count ?? 0) + 1 });
    },
    counts,
    total: (name) => counts(name).reduce((sum, it) => sum + it.count, 0),
    names: () => [...events.keys()],
  };
}

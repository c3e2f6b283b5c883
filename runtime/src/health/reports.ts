import type { RunStatus } from "../contract/run-record.ts";
import type { Clock } from "./steady-clock.ts";

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

/** A run of a job: that it began, or, with a status, that it ended. A RunRecord is one. */
export interface NotedRun {
  readonly job: string;
  readonly runId: string;
  readonly status?: RunStatus;
  readonly durationMs?: number;
  /** How many attempts were made. */
  readonly attempt?: number;
}

/**
 * Most names of components, heartbeats and readiness that are remembered, and label sets of one
 * event: a program that makes up names must not fill the memory.
 */
export const NAMES_MAX = 200;

/** What the app has told since the process began. */
export interface Reports {
  reportComponent(name: string, report: ComponentReport): void;
  component(name: string): ReportedComponent | undefined;
  components(): ReadonlyMap<string, ReportedComponent>;
  /** Who reported them has ended: none of them was reported by who comes next. */
  forgetComponents(): void;
  /** A sign of life that is so old already: an app may tell how long its own loop has hung. */
  beat(name: string, ageMs?: number): void;
  heartbeat(name: string): Date | undefined;
  heartbeats(): ReadonlyMap<string, Date>;
  /** The latest sign of life of any kind: a beat, a report, a run. */
  lastSign(): Date | undefined;
  noteSign(): void;
  setReady(name: string, isReady: boolean): void;
  /** Names that said that they are not ready. */
  notReady(): string[];
}

/** An empty memory. */
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

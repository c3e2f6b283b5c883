/** Milliseconds of a monotonic clock. */
export type MonotonicClock = () => number;

/** The state of one connection that the app reports, such as the one to Discord. */
export interface ConnectionSign {
  readonly ok: boolean;
  /** Monotonic time of the last change of `ok`. */
  readonly sinceMs: number;
  readonly latencyMs: number | undefined;
}

/** Heartbeats and connection reports of the app by a monotonic clock, for the watchdog. */
export interface Signs {
  beat(name: string, ageMs: number): void;
  connection(name: string, report: { ok: boolean; latencyMs: number | undefined }): void;
  /** Age of a heartbeat in ms; undefined when there was none since the app started. */
  beatAgeMs(name: string): number | undefined;
  connectionOf(name: string): ConnectionSign | undefined;
  /** Forgets all reports, because the app starts again. */
  forget(): void;
}

/** Starts without any report. The manifest limits the names. */
export function createSigns(nowMs: MonotonicClock = () => performance.now()): Signs {
  const beats = new Map<string, number>();
  const connections = new Map<string, ConnectionSign>();
  return {
    beat: (name, ageMs) => {
      const at = nowMs() - ageMs;
      beats.set(name, Math.max(at, beats.get(name) ?? at));
    },
    connection: (name, { ok, latencyMs }) => {
      const before = connections.get(name);
      const sinceMs = before?.ok === ok ? before.sinceMs : nowMs();
      connections.set(name, { ok, sinceMs, latencyMs });
    },
    beatAgeMs: (name) => {
      const at = beats.get(name);
      return at === undefined ? undefined : nowMs() - at;
    },
    connectionOf: (name) => connections.get(name),
    forget: () => {
      beats.clear();
      connections.clear();
    },
  };
}

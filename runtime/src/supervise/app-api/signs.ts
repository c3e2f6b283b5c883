/** Milliseconds of a clock that is never set. */
export type MonotonicClock = () => number;

/** What the app says of one connection of its own, such as the one to Discord. */
export interface ConnectionSign {
  readonly ok: boolean;
  /** Since when it has been so, monotonic. */
  readonly sinceMs: number;
  readonly latencyMs: number | undefined;
}

/** Signs of life of the app, by a clock that jumps with nothing: the watchdog lives on them. */
export interface Signs {
  beat(name: string, ageMs: number): void;
  connection(name: string, report: { ok: boolean; latencyMs: number | undefined }): void;
  /** Age of a heartbeat in ms; undefined when there was none since the app started. */
  beatAgeMs(name: string): number | undefined;
  connectionOf(name: string): ConnectionSign | undefined;
  /** A new life of the app begins: what the old one said is no sign of this one. */
  forget(): void;
}

/** An empty memory. Names are those that the manifest declares, so they are few. */
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

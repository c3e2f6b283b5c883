import type { AlertEvent, AlertSink } from "../contract/alert-event.ts";
import type { RuntimeManifest } from "../contract/manifest.ts";
import type { Clock } from "../run/clock.ts";
import { startTimer, type Timer } from "../run/timer.ts";

/** A source that cannot be read for this time is an alert. A restart of Redis takes less. */
const UNREAD_MS = 60_000;

/** What an alert says when it fires or is resolved. */
export type Notice = Pick<AlertEvent, "kind" | "title" | "details"> & { readonly job?: string };

/** Turns a condition that is evaluated again and again into one alert and one resolved notice. */
export interface StatefulAlerts {
  /**
   * Sets the state of one alert: it fires while `raised` is given. `resolved` is sent when it stops;
   * without it the alert stops without a message.
   */
  set(
    key: string,
    notices: { raised?: Notice | undefined; resolved?: Notice | undefined },
  ): Promise<void>;
}

export interface StatefulAlertsOptions {
  readonly manifest: Pick<RuntimeManifest, "system" | "stack" | "process">;
  readonly alerts: AlertSink;
  readonly clock: Clock;
}

/**
 * The alert store knows whether an alert fires, so a restarted process and other instances do not
 * send it twice. An alert that is silenced or could not be stored does not fire, so the next
 * evaluation sends it again.
 */
export function statefulAlerts(options: StatefulAlertsOptions): StatefulAlerts {
  const { manifest, alerts, clock } = options;
  const { system, stack, process } = manifest;
  return {
    set: async (name, { raised, resolved }) => {
      const key = `${stack}/${name}`;
      const isFiring = await alerts.isFiring(key);
      if (isFiring === (raised !== undefined)) return;
      const notice = raised ?? resolved;
      if (!notice) return alerts.clear(key);
      const at = clock.now().toISOString();
      await alerts.send({ ...notice, key, system, stack, process, at });
    },
  };
}

/** The alert about a source of conditions: an unreadable source must not look like a quiet one. */
export class SourceAlert {
  readonly #alerts: StatefulAlerts;
  readonly #clock: Clock;
  readonly #key: string;
  #unreadSinceMs: number | undefined;

  constructor(key: string, alerts: StatefulAlerts, clock: Clock) {
    this.#key = key;
    this.#alerts = alerts;
    this.#clock = clock;
  }

  async readable(resolved: Omit<Notice, "kind">): Promise<void> {
    this.#unreadSinceMs = undefined;
    await this.#alerts.set(this.#key, { resolved: { ...resolved, kind: "resolved" } });
  }

  /** `onFirst` is called for the first of several failures. */
  async unreadable(raised: Omit<Notice, "kind">, onFirst: () => void): Promise<void> {
    const nowMs = this.#clock.now().getTime();
    if (this.#unreadSinceMs === undefined) onFirst();
    this.#unreadSinceMs ??= nowMs;
    if (nowMs - this.#unreadSinceMs < UNREAD_MS) return;
    await this.#alerts.set(this.#key, { raised: { ...raised, kind: "rule" } });
  }
}

/** Work that repeats until it is stopped. */
export interface Interval {
  /** Runs the work now, after a round that is still running: two rounds never overlap. */
  round(): Promise<void>;
  stop(): Promise<void>;
}

/** Runs the work at once, and again `everyMs` after each round. The work must not throw. */
export function startInterval(work: () => Promise<void>, everyMs: number): Interval {
  let timer: Timer | undefined;
  let isStopped = false;
  let last = Promise.resolve();
  const round = (): Promise<void> => {
    last = last.then(() => (isStopped ? undefined : work()));
    return last;
  };
  const runAndSchedule = async (): Promise<void> => {
    await round();
    if (!isStopped) timer = startTimer(everyMs, () => void runAndSchedule()).unref();
  };
  void runAndSchedule();
  return {
    round,
    stop: async () => {
      isStopped = true;
      timer?.stop();
      await last;
    },
  };
}

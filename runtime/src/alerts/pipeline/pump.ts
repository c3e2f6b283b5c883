import { setTimeout as sleep } from "node:timers/promises";
import type { Delivery } from "../../contract/alert-event.ts";
import { createDispatch, type DispatchOptions, FLIGHT_MS } from "./dispatch.ts";
import { type Look, lookAt, type NewAlert } from "./look.ts";

/** Who sends for others, too, looks so often whether there is something to send. */
const LOOK_MS = 30_000;

/** Who ends looks so often whether a message on its way has arrived, so that the next one can follow. */
const LAST_LOOK_MS = 500;

/** Brings alerts into the book, and what may be sent out of it. */
export interface Pump {
  /** Admits alerts and begins to send what may be sent now. */
  admit(alerts: readonly NewAlert[]): Promise<Look & { readonly sent: Sent }>;
  /** Looks from now on whether others left something. */
  start(): void;
  /**
   * Sends what waits, as long as it may be sent before the end. What others left is sent, too, if it
   * may be sent now: where all are runs of cron jobs nobody else ever would.
   */
  drain(endMs: number): Promise<void>;
  /** Whether an alert of this process waits to be sent. */
  isOwing(): boolean;
  stop(): void;
}

/** What comes of the messages that are on their way, by channel. */
export type Sent = ReadonlyMap<string, Promise<Delivery>>;

export function createPump(options: DispatchOptions): Pump {
  const { keeper, clock, channels, rules, log } = options;
  const dispatch = createDispatch(options);
  const state = { isLiving: false, isOwing: false, isStopped: false };
  let timer: NodeJS.Timeout | undefined;
  const look = async (alerts: readonly NewAlert[], isLast: boolean) => {
    const ready = channels.filter((it) => it.isReady()).map((it) => it.name);
    const nowMs = clock.now().getTime();
    const flightUntilMs = nowMs + FLIGHT_MS;
    const found = await keeper.change((book) =>
      lookAt(book, alerts, { ready, rules, nowMs, flightUntilMs, isLast }),
    );
    const isHeld = found.verdicts.flat().some(([, verdict]) => verdict === "held");
    state.isOwing = found.nextAtMs !== undefined && (state.isOwing || isHeld);
    plan(found.nextAtMs);
    const sent = [...found.flights].map(([name, it]) => [name, dispatch.send(name, it)] as const);
    return { ...found, sent: new Map(sent) };
  };
  const plan = (nextAtMs: number | undefined): void => {
    clearTimeout(timer);
    const isMine = state.isOwing && nextAtMs !== undefined;
    if (state.isStopped || !(isMine || state.isLiving)) return;
    const waitMs = isMine ? Math.max(0, nextAtMs - clock.now().getTime()) : LOOK_MS;
    timer = setTimeout(pumpBeside, Math.min(waitMs, LOOK_MS)).unref();
  };
  /** Sends all that may be sent now; when there may be more of it. */
  const pump = async (isLast: boolean): Promise<number | undefined> => {
    if (state.isStopped) return undefined;
    const { sent, nextAtMs, isOnTheWay } = await look([], isLast);
    if (sent.size === 0) return isOnTheWay ? clock.now().getTime() + LAST_LOOK_MS : nextAtMs;
    await Promise.all(sent.values());
    return pump(isLast);
  };
  const pumpBeside = (): void => {
    pump(false).catch((error: unknown) => log.error({ err: error }, "alerts could not be sent"));
  };
  return {
    admit: async (alerts) => {
      const found = await look(alerts, false);
      // What follows a message is planned once that has arrived.
      if (found.sent.size > 0) void Promise.all(found.sent.values()).then(pumpBeside);
      return found;
    },
    start: () => {
      state.isLiving = true;
      pumpBeside();
    },
    drain: async (endMs) => {
      for (;;) {
        await dispatch.settled();
        const nextAtMs = (await pump(state.isOwing)) ?? 0;
        const waitMs = Math.max(0, nextAtMs - clock.now().getTime());
        const isEnd = state.isStopped || clock.now().getTime() + waitMs >= endMs;
        if (!state.isOwing || isEnd) return;
        await sleep(waitMs);
      }
    },
    isOwing: () => state.isOwing,
    stop: () => {
      state.isStopped = true;
      clearTimeout(timer);
    },
  };
}

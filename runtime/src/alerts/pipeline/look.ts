import { randomUUID } from "node:crypto";
import type { AlertEvent, Delivery } from "../../contract/alert-event.ts";
import { admit, admitSilenced, type PipelineRules } from "./admission.ts";
import { type AlertBook, channelOf, silenceOf, withChannel, withRecent } from "./alert-book.ts";
import type { Flight } from "./channel-memory.ts";
import { nextTakeOff, takeFlight } from "./flight.ts";
import { withoutWrongTimes } from "./wrong-clock.ts";

/** An alert that is to be told. */
export interface NewAlert {
  readonly event: AlertEvent;
  /** A file of the app's own says so. */
  readonly isSilenced: boolean;
}

/** What became of an alert at each channel that is set up. */
export type Verdicts = readonly (readonly [channel: string, verdict: Delivery])[];

/** What one look at the book came to. */
export interface Look {
  /** Of each new alert. */
  readonly verdicts: readonly Verdicts[];
  /** What is to be sent now, by channel. */
  readonly flights: ReadonlyMap<string, Flight>;
  /** When there will be something to send; undefined when nothing waits. */
  readonly nextAtMs: number | undefined;
  /** A message that was taken before has not arrived. */
  readonly isOnTheWay: boolean;
}

/** How the book is looked at. */
export interface LookOptions {
  /** Names of the channels that are set up. */
  readonly ready: readonly string[];
  readonly rules: PipelineRules;
  readonly nowMs: number;
  /** What is taken now is sent by then, or its sender is gone. */
  readonly flightUntilMs: number;
  /** The process ends, so what is being gathered is sent as it is. */
  readonly isLast: boolean;
}

/** Admits the alerts to each channel, and takes what may be sent now; without a change no book. */
export function lookAt(
  before: AlertBook,
  alerts: readonly NewAlert[],
  options: LookOptions,
): { book?: AlertBook; result: Look } {
  let book = rightBook(before, options);
  const verdicts = alerts.map((alert) => {
    const admitted = admitToAll(book, alert, options);
    book = withRecent(admitted.book, alert.event, Object.fromEntries(admitted.verdicts));
    return admitted.verdicts;
  });
  const flights = new Map<string, Flight>();
  const { ready, nowMs, flightUntilMs: untilMs, isLast } = options;
  for (const name of ready) {
    const taken = takeFlight(channelOf(book, name), { nowMs, id: randomUUID(), untilMs, isLast });
    if (!taken) continue;
    book = withChannel(book, name, taken.memory);
    flights.set(name, taken.flight);
  }
  const times = ready.flatMap((name) => nextTakeOff(channelOf(book, name)) ?? []);
  const nextAtMs = times.length === 0 ? undefined : Math.min(...times);
  const isOnTheWay = ready.some((it) => !flights.has(it) && channelOf(book, it).flight);
  const result = { verdicts, flights, nextAtMs, isOnTheWay };
  return { ...(book === before ? {} : { book }), result };
}

function rightBook(before: AlertBook, { ready, ...limits }: LookOptions): AlertBook {
  return ready.reduce((book, name) => {
    const memory = channelOf(book, name);
    const right = withoutWrongTimes(memory, limits);
    return right === memory ? book : withChannel(book, name, right);
  }, before);
}

function admitToAll(
  before: AlertBook,
  { event, isSilenced }: NewAlert,
  { ready, rules, nowMs }: LookOptions,
): { book: AlertBook; verdicts: Verdicts } {
  const isQuiet = isSilenced || silenceOf(before, event, nowMs) !== undefined;
  let book = before;
  const verdicts = ready.map((name): [string, Delivery] => {
    const memory = channelOf(book, name);
    const done = isQuiet
      ? ({ memory: admitSilenced(memory, event, nowMs), verdict: "silenced" } as const)
      : admit(memory, event, { rules, nowMs });
    book = withChannel(book, name, done.memory);
    return [name, done.verdict];
  });
  return { book, verdicts };
}

import type { Logger } from "pino";
import type { Delivery } from "../../contract/alert-event.ts";
import type { Clock } from "../../run/clock.ts";
import { countOf } from "../alert-message.ts";
import { type Channel, ChannelError, whyNotSent } from "../channel.ts";
import type { PipelineRules } from "./admission.ts";
import { type AlertBook, channelOf, withChannel, withDelivery } from "./alert-book.ts";
import type { BookKeeper } from "./book-keeper.ts";
import type { Flight } from "./channel-memory.ts";
import { dropped, failed, landed, messageOfFlight } from "./flight.ts";

/** Longest time for one message with all its attempts; then its channel counts as failed. */
const SEND_MS = 50_000;

/** A message that is neither told nor put back by then belongs to nobody: its sender is gone. */
export const FLIGHT_MS = 60_000;

/** Sends messages and notes what came of it. */
export interface Dispatch {
  /** Sends a flight that was taken. It does not throw. */
  send(channel: string, flight: Flight): Promise<Delivery>;
  /** When nothing is on its way. */
  settled(): Promise<void>;
}

/** What messages are sent with. */
export interface DispatchOptions {
  readonly channels: readonly Channel[];
  readonly rules: PipelineRules;
  readonly keeper: BookKeeper;
  readonly log: Logger;
  readonly clock: Clock;
}

/** What came of a message. */
type Landing =
  | { readonly delivery: "sent" | "skipped" }
  | { readonly delivery: "held"; readonly retryAfterMs: number | undefined };

export function createDispatch(options: DispatchOptions): Dispatch {
  const { channels, keeper } = options;
  const onTheWay = new Set<Promise<unknown>>();
  const sendNow = async (name: string, flight: Flight): Promise<Delivery> => {
    const channel = channels.find((it) => it.name === name);
    if (!channel) return "skipped";
    const landing = await deliver(channel, flight, options);
    await keeper.change((book) => ({
      book: noted(book, name, { landing, flight, ...options }),
      result: undefined,
    }));
    return landing.delivery;
  };
  return {
    send: (name, flight) => {
      const sending = sendNow(name, flight);
      onTheWay.add(sending);
      void sending.finally(() => onTheWay.delete(sending));
      return sending;
    },
    settled: async () => {
      while (onTheWay.size > 0) await Promise.all(onTheWay);
    },
  };
}

async function deliver(
  channel: Channel,
  flight: Flight,
  { keeper, log }: DispatchOptions,
): Promise<Landing> {
  const message = messageOfFlight(flight);
  const note = keeper.noteFor(channel.name);
  const [first] = message.items;
  const line = {
    channel: channel.name,
    alert: first?.event.kind,
    key: first?.event.key,
    title: first?.event.title,
    count: countOf(message),
  };
  try {
    const delivery = await channel.send(
      note === undefined ? message : { ...message, note },
      AbortSignal.timeout(SEND_MS),
    );
    if (note !== undefined) keeper.noteTold(channel.name);
    log.info({ ...line, delivery }, delivery === "sent" ? "alert sent" : "alert skipped");
    return { delivery };
  } catch (error) {
    const isKnown = error instanceof ChannelError;
    log.error({ ...line, delivery: "error", why: whyNotSent(error) }, "alert not sent");
    return { delivery: "held", retryAfterMs: isKnown ? error.retryAfterMs : 0 };
  }
}

function noted(
  book: AlertBook,
  name: string,
  {
    landing,
    flight,
    rules,
    clock,
  }: DispatchOptions & { readonly landing: Landing; readonly flight: Flight },
): AlertBook {
  const nowMs = clock.now().getTime();
  const memory = channelOf(book, name);
  const events = flight.items.map((it) => it.event);
  const delivery = landing.delivery === "held" ? "error" : landing.delivery;
  const told = withDelivery(book, events, { channel: name, delivery });
  if (landing.delivery === "held") {
    const { retryAfterMs } = landing;
    return withChannel(told, name, failed(memory, flight, { nowMs, retryAfterMs }));
  }
  const next =
    landing.delivery === "sent"
      ? landed(memory, flight, { nowMs, limitMs: rules.limitMs })
      : dropped(memory, flight);
  return withChannel(told, name, next);
}

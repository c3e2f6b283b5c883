import type { AlertEvent, Delivery } from "../../contract/alert-event.ts";
import { waitAtMost } from "../../run/timer.ts";
import type { DispatchOptions } from "./dispatch.ts";
import type { Flight } from "./channel-memory.ts";
import type { NewAlert, Verdicts } from "./look.ts";
import { createPump, type Sent } from "./pump.ts";

/** Alerts on their way to channels: gathered, silenced, recognised, limited and tried again. */
export interface Pipeline {
  /** Resolves when it was sent, or is known not to be sent now. */
  send(event: AlertEvent): Promise<Delivery>;
  /** From now on sends what others left, too; for processes that live long. */
  start(): void;
  /** Sends what others left, and waits until what this process holds is sent, but not longer. */
  flush(limitMs: number): Promise<void>;
  stop(): void;
}

export interface PipelineOptions extends DispatchOptions {
  /** Until when the alerts of a job are silenced by a file of the app's own. */
  readonly silencedUntil: (event: AlertEvent) => Promise<Date | undefined>;
}

interface Waiting extends NewAlert {
  readonly answer: (result: Promise<Delivery>) => void;
}

/** Opens the pipeline; it looks at its book when the first alert comes. */
export function openPipeline(options: PipelineOptions): Pipeline {
  const { keeper, clock, log, silencedUntil } = options;
  const pump = createPump(options);
  let waiting: Waiting[] = [];
  let isAdmitting = false;
  const admitBatch = async (batch: readonly Waiting[]): Promise<void> => {
    try {
      const { verdicts, flights, sent } = await pump.admit(batch);
      for (const [index, { event, answer }] of batch.entries()) {
        answer(outcome(verdicts[index] ?? [], { event, flights, sent }));
      }
    } catch (error) {
      log.error({ err: error }, "alerts could not be taken in");
      for (const { answer } of batch) answer(Promise.resolve("error"));
    }
  };
  /** The first alert at once; those that come meanwhile together. */
  const admitAll = async (): Promise<void> => {
    if (isAdmitting) return;
    isAdmitting = true;
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      await admitBatch(batch);
    }
    isAdmitting = false;
  };
  return {
    send: async (event) => {
      const isSilenced = (await silencedUntil(event)) !== undefined;
      return new Promise<Delivery>((resolve) => {
        waiting.push({ event, isSilenced, answer: resolve });
        void admitAll();
      });
    },
    start: pump.start,
    flush: async (limitMs) => {
      await waitAtMost(pump.drain(clock.now().getTime() + limitMs), limitMs);
      if (!pump.isOwing()) return;
      if (keeper.isKept()) log.warn("alerts are left to the next process of this stack");
      else log.error("alerts were not sent, and nothing keeps them");
    },
    stop: pump.stop,
  };
}

/** With what the verdicts of an alert go on. */
interface Aboard {
  readonly event: AlertEvent;
  readonly flights: ReadonlyMap<string, Flight>;
  readonly sent: Sent;
}

/** The best of what became of an alert at all channels. */
async function outcome(verdicts: Verdicts, { event, flights, sent }: Aboard): Promise<Delivery> {
  const deliveries = await Promise.all(
    verdicts.map(async ([name, verdict]) => {
      const isAboard = flights.get(name)?.items.some((it) => it.event === event);
      return isAboard ? ((await sent.get(name)) ?? verdict) : verdict;
    }),
  );
  return BEST_FIRST.find((it) => deliveries.includes(it)) ?? "skipped";
}

const BEST_FIRST: readonly Delivery[] = ["sent", "held", "suppressed", "silenced", "error"];

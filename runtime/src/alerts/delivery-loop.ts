import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { Delivery, StoredAlert } from "../contract/alert-event.ts";
import type { Clock } from "../run/clock.ts";
import { waitAtMost } from "../run/timer.ts";
import { countOf } from "./alert-message.ts";
import { outboxOf } from "./alert-state.ts";
import type { AlertStore } from "./alert-store.ts";
import { type Channel, ChannelError, whyNotSent } from "./channels/channel.ts";
import {
  type AlertRules,
  type MessageFailure,
  noteDelivered,
  noteFailed,
  noteSkipped,
  type Outgoing,
} from "./outbox.ts";
import { planDelivery, withDelivery } from "./stack-alerts.ts";

/** Longest time for one message with all its attempts. */
const SEND_MS = 50_000;

/** Poll interval for messages that other processes left unsent. */
const POLL_MS = 30_000;

export interface DeliveryOptions {
  /** The channels that are set up now. */
  readonly channels: () => readonly Channel[];
  readonly rules: AlertRules;
  readonly store: AlertStore;
  readonly log: Logger;
  readonly clock: Clock;
}

/** An alert that this process sends. */
interface NewAlert extends StoredAlert {
  /** It was stored with a run record. If the store lacks it now, another process admitted it. */
  readonly isStored: boolean;
}

interface Waiting extends NewAlert {
  readonly answer: (result: Delivery | Promise<Delivery>) => void;
}

/** A message that this process sends. */
interface Sent {
  readonly outgoing: Outgoing;
  readonly result: Promise<Delivery>;
}

/** Admits alerts into the store and delivers the messages that are due. */
export class DeliveryLoop {
  readonly #options: DeliveryOptions;
  readonly #sending = new Set<Promise<unknown>>();
  #waiting: Waiting[] = [];
  #isAdmitting = false;
  #isPolling = false;
  /** An alert that this process admitted waits for a later message. */
  #isOwing = false;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** Resolves when the alert is delivered, or is known to wait. */
  async send(alert: NewAlert): Promise<Delivery> {
    const { promise, resolve } = Promise.withResolvers<Delivery>();
    this.#waiting.push({ ...alert, answer: resolve });
    void this.#admitAll();
    return promise;
  }

  /** From now on also sends what other processes left unsent. */
  start(): void {
    this.#isPolling = true;
    this.deliver();
  }

  /** Sends what is due, in the background. */
  deliver(): void {
    this.#deliverDue(false).catch((error: unknown) => {
      this.#options.log.error({ err: error }, "alerts could not be sent");
    });
  }

  /** Sends what is due, also of other processes, and waits for what this process admitted. */
  async flush(limitMs: number): Promise<void> {
    const { clock, store, log } = this.#options;
    await waitAtMost(this.#drain(clock.now().getTime() + limitMs), limitMs);
    if (!this.#isOwing) return;
    if (store.isKept()) log.warn("unsent alerts are left to the next process of this stack");
    else log.error("alerts were not sent, and no store keeps them");
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** The first alert goes at once; those that come in the meantime go together. */
  async #admitAll(): Promise<void> {
    if (this.#isAdmitting) return;
    this.#isAdmitting = true;
    while (this.#waiting.length > 0) await this.#admitBatch(this.#waiting.splice(0));
    this.#isAdmitting = false;
  }

  async #admitBatch(batch: readonly Waiting[]): Promise<void> {
    const { log } = this.#options;
    try {
      const { verdicts, sent } = await this.#tick(batch, false);
      for (const { id, event, answer } of batch) {
        const verdict = verdicts.get(id) ?? { other: "held" };
        if (Object.values(verdict).includes("silenced")) {
          log.info({ alert: event.kind, key: event.key }, "alert silenced");
        }
        answer(resultOf(event, verdict, sent));
      }
      if (sent.length > 0) {
        void Promise.all(sent.map((it) => it.result)).then(() => this.deliver());
      }
    } catch (error) {
      log.error({ err: error }, "alerts could not be stored");
      for (const { answer } of batch) answer("error");
    }
  }

  /** Admits alerts, starts to send what is due, and sets the timer for the next message. */
  async #tick(alerts: readonly NewAlert[], isLast: boolean) {
    const { store, channels, rules, clock } = this.#options;
    const names = channels().map(({ name }) => name);
    const keys = alerts.map(({ event }) => event.key);
    const plan = await store.change(keys, (all) => {
      const nowMs = clock.now().getTime();
      const added = alerts.filter(({ isStored }) => !isStored || store.isDown());
      return planDelivery(all, added, { channels: names, rules, nowMs, isLast });
    });
    const { verdicts, messages, nextAtMs } = plan;
    const isHeld = [...verdicts.values()].some((it) => Object.values(it).includes("held"));
    this.#isOwing = nextAtMs !== undefined && (this.#isOwing || isHeld);
    clearTimeout(this.#timer);
    if (!this.#isStopped && (this.#isOwing || this.#isPolling)) {
      const dueMs = this.#isOwing ? (nextAtMs ?? 0) - clock.now().getTime() : POLL_MS;
      const waitMs = Math.min(Math.max(0, dueMs), POLL_MS);
      this.#timer = setTimeout(() => this.deliver(), waitMs).unref();
    }
    const sent = messages.map((it): Sent => ({ outgoing: it, result: this.#deliver(it) }));
    return { verdicts, sent, nextAtMs };
  }

  /** Sends everything that is due; returns when more may be due. */
  async #deliverDue(isLast: boolean): Promise<number | undefined> {
    while (!this.#isStopped) {
      const { sent, nextAtMs } = await this.#tick([], isLast);
      if (sent.length === 0) return nextAtMs;
      await Promise.all(sent.map((it) => it.result));
    }
    return undefined;
  }

  async #drain(endMs: number): Promise<void> {
    const { clock } = this.#options;
    for (;;) {
      while (this.#sending.size > 0) await Promise.all(this.#sending);
      const nextAtMs = (await this.#deliverDue(this.#isOwing)) ?? 0;
      // A delivery in the background started meanwhile.
      if (this.#sending.size > 0) continue;
      const waitMs = Math.max(0, nextAtMs - clock.now().getTime());
      const isEnd = this.#isStopped || clock.now().getTime() + waitMs >= endMs;
      if (!this.#isOwing || isEnd) return;
      await sleep(waitMs);
    }
  }

  #deliver(outgoing: Outgoing): Promise<Delivery> {
    const delivering = this.#sendAndNote(outgoing);
    this.#sending.add(delivering);
    void delivering.finally(() => this.#sending.delete(delivering));
    return delivering;
  }

  async #sendAndNote(outgoing: Outgoing): Promise<Delivery> {
    const { store, clock, rules } = this.#options;
    const result = await this.#sendMessage(outgoing);
    const isKnown = typeof result === "string";
    const keys = outgoing.alerts.map(({ key }) => key);
    await store.change(keys, (alerts) => {
      const nowMs = clock.now().getTime();
      const outbox = outboxOf(alerts, outgoing.channel);
      if (result === "sent") noteDelivered(outbox, outgoing, { nowMs, limitMs: rules.limitMs });
      else if (result === "skipped") noteSkipped(outbox, outgoing);
      else noteFailed(outbox, outgoing, { ...result, nowMs });
      alerts.recent = withDelivery(alerts.recent, outgoing, isKnown ? result : "error");
    });
    return isKnown ? result : "held";
  }

  async #sendMessage({ channel, message }: Outgoing): Promise<"sent" | "skipped" | MessageFailure> {
    const { channels, store, log } = this.#options;
    const receiver = channels().find((it) => it.name === channel);
    if (!receiver) return "skipped";
    const { kind, key, title, job } = message.items[0]?.event ?? {};
    const line = { channel, alert: kind, key, job, title, count: countOf(message) };
    const note = store.noteFor(channel);
    const noted = note === undefined ? message : { ...message, note };
    try {
      const delivery = await receiver.send(noted, AbortSignal.timeout(SEND_MS));
      if (delivery === "sent") log.info({ ...line, delivery }, "alert sent");
      else log.warn({ ...line, delivery }, "alert without a channel");
      if (note !== undefined) store.noteDelivered(channel);
      return delivery;
    } catch (error) {
      const why = whyNotSent(error);
      log.error({ ...line, delivery: "error", why }, "alert not sent");
      return { why, retryAfterMs: error instanceof ChannelError ? error.retryAfterMs : 0 };
    }
  }
}

const BEST_FIRST: readonly Delivery[] = ["sent", "held", "suppressed", "silenced", "error"];

/** The best result of an alert among all channels. */
async function resultOf(
  { key, kind }: StoredAlert["event"],
  verdicts: Readonly<Record<string, Delivery>>,
  sent: readonly Sent[],
): Promise<Delivery> {
  const results = Object.entries(verdicts).map(([channel, verdict]) => {
    const message = sent.find(({ outgoing }) => outgoing.channel === channel);
    const items = message?.outgoing.message.items ?? [];
    const isIn = items.some(({ event }) => event.key === key && event.kind === kind);
    return verdict === "held" && isIn ? message?.result : verdict;
  });
  const deliveries = await Promise.all(results);
  return BEST_FIRST.find((it) => deliveries.includes(it)) ?? "skipped";
}

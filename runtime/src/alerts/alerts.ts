import type { Logger } from "pino";
import type { AlertEvent, AlertSink, Delivery } from "../contract/alert-event.ts";
import type { ManifestAlerts } from "../contract/alert.ts";
import type { RuntimeManifest } from "../contract/manifest.ts";
import type { Clock } from "../run/clock.ts";
import type { Env } from "../contract/env.ts";
import { openDocument } from "../state/stores/document.ts";
import { normalisedKey } from "./alert-key.ts";
import { messageOf } from "./alert-message.ts";
import { type Channel, whyNotSent } from "./channel.ts";
import { openChannels } from "./channels/channels.ts";
import type { PipelineRules } from "./pipeline/admission.ts";
import { channelOf, type RecentAlert } from "./pipeline/alert-book.ts";
import { keepBook } from "./pipeline/book-keeper.ts";
import { openPipeline } from "./pipeline/pipeline.ts";
import { safeEvent } from "./safe-event.ts";
import { openSilences, type Silences } from "./silences.ts";

/** Default time after which an equal alert is sent again, in s; see docs/sources.md. */
const REPEAT_SECONDS = 600;

/** Default minimum time between two messages of one channel, in s; see docs/sources.md. */
const LIMIT_SECONDS = 10;

/** Name of the document in which the stack's alerts are remembered. */
const BOOK = "alerts";

/** The alerts of a process: what sends them, and what operators do with them. */
export interface Alerts extends AlertSink {
  isOpen(key: string): Promise<boolean>;
  readonly silences: Silences;
  /** The last alerts of all processes of the stack that share a store, newest first. */
  recent(limit: number): Promise<readonly RecentAlert[]>;
  readonly channels: () => readonly ChannelState[];
  /** Sends a message through every channel, past the pipeline, and tells what came of each. */
  test(by: string): Promise<ChannelTest[]>;
  /** From now on this process sends what others left, too: for processes that live long. */
  start(): void;
  /** Sends what waits, but waits no longer than the limit for it, and closes. */
  close(limitMs: number): Promise<void>;
}

/** Whether a channel can be used. */
export interface ChannelState {
  readonly name: string;
  readonly kind: string;
  /** Its variables are set, and its switch is on. */
  readonly isReady: boolean;
}

/** What came of a test of a channel. */
export interface ChannelTest {
  readonly name: string;
  readonly kind: string;
  readonly result: "sent" | "skipped" | "error";
  /** Why it is an error; else null. */
  readonly why: string | null;
}

export interface AlertsOptions {
  readonly manifest: Pick<RuntimeManifest, "system" | "stack" | "process" | "jobs" | "stores">;
  readonly alerts: ManifestAlerts | undefined;
  readonly env: Env;
  readonly directory: string;
  readonly log: Logger;
  readonly clock: Clock;
}

/** The alerts that a manifest declares. Nothing is opened before the first one. */
export function openAlerts({ alerts, ...options }: AlertsOptions): Alerts {
  const channels = openChannels(alerts?.channels ?? [], options.env);
  return alertsOf(channels, rulesOf(alerts), options);
}

/** The alerts of these channels. */
export function alertsOf(
  channels: readonly Channel[],
  rules: PipelineRules,
  options: Omit<AlertsOptions, "alerts">,
): Alerts {
  const { manifest, log, clock } = options;
  const keeper = keepBook({ ...options, open: () => openDocument(manifest, options, BOOK) });
  const silences = openSilences({ ...options, keeper });
  const silencedUntil = silences.ofJob;
  const pipeline = openPipeline({ channels, rules, keeper, silencedUntil, log, clock });
  const isReady = () => channels.some((it) => it.isReady());
  return {
    silences,
    isOpen: (key) => {
      const known = normalisedKey(key);
      return keeper.change((book) => ({
        result: channels.some(({ name }) => channelOf(book, name).told[known]?.isOpen === true),
      }));
    },
    send: async (event) => {
      const safe = safeEvent(event);
      if (!isReady()) return unheard(safe, log);
      try {
        const delivery = await pipeline.send(safe);
        if (delivery === "silenced")
          log.info({ alert: safe.kind, key: safe.key }, "alert silenced");
        return delivery;
      } catch (error) {
        log.error({ err: error, alert: safe.kind, key: safe.key }, "alert not sent");
        return "error";
      }
    },
    recent: (limit) => keeper.change((book) => ({ result: book.recent.slice(0, limit) })),
    channels: () => channels.map((it) => ({ name: it.name, kind: it.kind, isReady: it.isReady() })),
    test: (by) => {
      const event = testEvent(options, by);
      return Promise.all(channels.map((it) => testChannel(it, event)));
    },
    start: () => (isReady() ? pipeline.start() : undefined),
    close: async (limitMs) => {
      if (isReady()) await pipeline.flush(limitMs);
      pipeline.stop();
      await keeper.close();
    },
  };
}

function rulesOf(alerts: ManifestAlerts | undefined): PipelineRules {
  const {
    groupSeconds = 0,
    dedupeSeconds = REPEAT_SECONDS,
    limitSeconds = LIMIT_SECONDS,
  } = alerts ?? {};
  const repeatSeconds = Math.max(dedupeSeconds, alerts?.repeatSeconds ?? 0);
  return {
    groupMs: groupSeconds * 1000,
    repeatMs: repeatSeconds * 1000,
    limitMs: limitSeconds * 1000,
  };
}

/** Without a channel an alert is a line in the log. */
function unheard({ kind, key, job, title }: AlertEvent, log: Logger): Delivery {
  log.warn({ alert: kind, key, job, title }, "alert without a channel");
  return "skipped";
}

async function testChannel(channel: Channel, event: AlertEvent): Promise<ChannelTest> {
  const { name, kind } = channel;
  if (!channel.isReady()) return { name, kind, result: "skipped", why: null };
  try {
    const result = await channel.send(messageOf(event), AbortSignal.timeout(TEST_MS));
    return { name, kind, result, why: null };
  } catch (error) {
    return { name, kind, result: "error", why: whyNotSent(error) };
  }
}

/** Longest wait of a person for a test. */
const TEST_MS = 30_000;

function testEvent({ manifest, clock }: Omit<AlertsOptions, "alerts">, by: string): AlertEvent {
  const { system, stack, process } = manifest;
  const at = clock.now().toISOString();
  const title = `${stack}: a test of the alerts by ${by.replace(/^manual /, "")}`;
  const key = `${stack}/alerts/test`;
  return { key, kind: "test", system, stack, process, title, details: {}, at };
}

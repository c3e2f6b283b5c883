import { onTestFinished } from "vitest";
import { type AlertMessage } from "../src/alerts/alert-message.ts";
import { type Alerts, alertsOf, type AlertsOptions } from "../src/alerts/alerts.ts";
import type { Channel } from "../src/alerts/channels/channel.ts";
import type { AlertRules } from "../src/alerts/outbox.ts";
import { collectLog, type LogLine } from "./log-lines.ts";
import { scratchDatabase } from "./scratch-database.ts";
import { scratchDirectory } from "./scratch-directory.ts";

/** A channel that keeps its messages, or runs an action instead. */
export function listChannel(
  name: string,
  behave: (message: AlertMessage) => void | Promise<void> = () => {},
): Channel & { readonly messages: AlertMessage[] } {
  const messages: AlertMessage[] = [];
  return {
    name,
    kind: "list",
    messages,
    isReady: () => true,
    send: async (message) => {
      await behave(message);
      messages.push(message);
      return "sent";
    },
  };
}

/** A clock that tests advance. */
export function handClock(start = "2026-11-22T10:00:00.000Z") {
  let nowMs = Date.parse(start);
  return {
    now: () => new Date(nowMs),
    passSeconds: (seconds: number) => void (nowMs += seconds * 1000),
  };
}

/** Common rules, in ms. */
const USUAL_RULES: AlertRules = { groupMs: 0, repeatMs: 600_000, limitMs: 10_000 };

interface ScratchOptions extends Partial<Omit<AlertsOptions, "alerts" | "manifest">> {
  readonly manifest?: Partial<AlertsOptions["manifest"]>;
  readonly rules?: Partial<AlertRules>;
}

/** The alerts of a process in a new directory, closed after the test. */
export function scratchAlerts(
  channels: readonly Channel[],
  { manifest, rules, ...options }: ScratchOptions = {},
): { readonly alerts: Alerts; readonly lines: LogLine[]; readonly directory: string } {
  const { log, lines } = collectLog();
  const directory = options.directory ?? scratchDirectory();
  const env = options.env ?? {};
  const database = scratchDatabase(manifest?.stores, { env, directory });
  const alerts = alertsOf(
    channels,
    { ...USUAL_RULES, ...rules },
    {
      manifest: { system: "shop", stack: "shop", process: "web", jobs: [], ...manifest },
      database,
      log,
      clock: { now: () => new Date() },
      ...options,
      env,
      directory,
    },
  );
  onTestFinished(async () => {
    await alerts.close(0);
    await database.close();
  });
  return { alerts, lines, directory };
}

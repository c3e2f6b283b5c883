import * as z from "zod/mini";
import { EnvName, Seconds } from "./field.ts";
import { SendgridMail, SmtpMail } from "./mail.ts";

/** Keys of every channel. */
const common = {
  name: z.string(),
  /** Variable that switches the channel on; any value but a word for on is off. Without it the channel is on. */
  enabledEnv: z.optional(EnvName),
  /**
   * People and groups that each message about a problem mentions, in the channel's syntax. Nothing
   * else in a message can mention anybody.
   */
  mentions: z.optional(z.array(z.string().check(z.minLength(1)))),
};

/** Sender and receivers of a mail. The fallback variable is read when the first is not set. */
const mail = {
  fromEnv: EnvName,
  fromFallbackEnv: z.optional(EnvName),
  /** One or more addresses, separated by commas. */
  toEnv: EnvName,
  toFallbackEnv: z.optional(EnvName),
};

/** A receiver of alerts. A channel whose variable is not set is skipped, which is not a failure. */
export const AlertChannel = z.discriminatedUnion("kind", [
  /** A POST of JSON. */
  z.strictObject({ ...common, kind: z.literal("webhook"), urlEnv: EnvName }),
  z.strictObject({ ...common, ...mail, ...SendgridMail.shape }),
  z.strictObject({ ...common, ...mail, ...SmtpMail.shape }),
  z.strictObject({
    ...common,
    kind: z.literal("telegram"),
    tokenEnv: EnvName,
    chatEnv: EnvName,
    chatFallbackEnv: z.optional(EnvName),
    /** Variable with the base URL of another server than Telegram's. */
    baseUrlEnv: z.prefault(EnvName, "TELEGRAM_BASE_URL"),
  }),
  /** An incoming webhook. */
  z.strictObject({ ...common, kind: z.literal("slack"), urlEnv: EnvName }),
  /** A webhook, or a bot in a channel. */
  z.strictObject({ ...common, kind: z.literal("discord"), urlEnv: EnvName }),
  z.strictObject({
    ...common,
    kind: z.literal("discord-bot"),
    tokenEnv: EnvName,
    channelEnv: EnvName,
    baseUrlEnv: z.prefault(EnvName, "DISCORD_BASE_URL"),
  }),
  /** A server that accepts Sentry's envelopes. */
  z.strictObject({ ...common, kind: z.literal("sentry"), dsnEnv: EnvName }),
]);

/** A rule about a measured value. */
const AlertRule = z.strictObject({
  name: z.string(),
  of: z.discriminatedUnion("kind", [
    /** A metric of this process, by its Prometheus name and the labels that must match. */
    z.strictObject({
      kind: z.literal("metric"),
      name: z.string(),
      labels: z.optional(z.record(z.string(), z.string())),
    }),
    /** Length of a Redis list or stream. */
    z.strictObject({ kind: z.literal("queue"), urlEnv: EnvName, key: z.string() }),
    /** Events that the app reports by this name. */
    z.strictObject({ kind: z.literal("event"), name: z.string() }),
    /** A health check of this process. The rule needs no bound: it fires while the check fails. */
    z.strictObject({ kind: z.literal("check"), name: z.string() }),
  ]),
  /** Fires when the value is above this. */
  above: z.optional(z.number()),
  /** Fires when the value is below this. A value that cannot be read is not. */
  below: z.optional(z.number()),
  /** Fires when the value grew by more than this within `withinSeconds`. */
  growth: z.optional(z.number()),
  /** Fires when the value grew by more than this per minute within `withinSeconds`. */
  ratePerMinute: z.optional(z.number()),
  withinSeconds: z.optional(Seconds),
  /** Time for which the condition must hold before the alert fires. */
  forSeconds: z.optional(Seconds),
});

/** The channels, limits and rules of a process's alerts. */
export const ManifestAlerts = z.strictObject({
  channels: z.array(AlertChannel),
  /** Time for which the first alert waits for others, to be sent with them in one message. Default: 0. */
  groupSeconds: z.optional(Seconds),
  /** Time for which equal alerts are deduplicated: counted and not sent. Default: 600. */
  dedupeSeconds: z.optional(Seconds),
  /** Minimum time between reminders while an alert is firing. Default: `dedupeSeconds`. */
  repeatSeconds: z.optional(Seconds),
  /** Minimum time between two messages of a channel. Default: 10. */
  limitSeconds: z.optional(Seconds),
  rules: z.optional(z.array(AlertRule)),
});

export type AlertChannel = z.infer<typeof AlertChannel>;
export type ManifestAlerts = z.infer<typeof ManifestAlerts>;

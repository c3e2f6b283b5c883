import * as z from "zod/mini";
import { EnvName, Seconds } from "./field.ts";
import { SendgridMail, SmtpMail } from "./mail.ts";

/** What every channel has. */
const common = {
  name: z.string(),
  /** Variable that switches it: anything but a word for on is off. Without it the channel is on. */
  enabledEnv: z.optional(EnvName),
  /**
   * Who is called by each message about something that is wrong, in the words of the channel. Nothing
   * else in a message can call anybody.
   */
  mentions: z.optional(z.array(z.string().check(z.minLength(1)))),
};

/** From and to whom a mail goes; the second variable of each is read where the first is not set. */
const mail = {
  fromEnv: EnvName,
  fromFallbackEnv: z.optional(EnvName),
  /** One address or several, separated by commas. */
  toEnv: EnvName,
  toFallbackEnv: z.optional(EnvName),
};

/** Where alerts are sent. A channel whose variable is not set is skipped, which is no failure. */
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
    /** Variable with the base URL of a server of one's own. */
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
  /** Anything that takes Sentry's envelopes. */
  z.strictObject({ ...common, kind: z.literal("sentry"), dsnEnv: EnvName }),
]);

/** A rule over what is measured. */
const AlertRule = z.strictObject({
  name: z.string(),
  of: z.discriminatedUnion("kind", [
    /** A metric of this process by its Prometheus name, with labels that must match. */
    z.strictObject({
      kind: z.literal("metric"),
      name: z.string(),
      labels: z.optional(z.record(z.string(), z.string())),
    }),
    /** Length of a Redis list or stream. */
    z.strictObject({ kind: z.literal("queue"), urlEnv: EnvName, key: z.string() }),
    /** Events that the app reported by this name. */
    z.strictObject({ kind: z.literal("event"), name: z.string() }),
  ]),
  /** The value is above it. */
  above: z.optional(z.number()),
  /** The value grew by more than this within `withinSeconds`. */
  growth: z.optional(z.number()),
  /** More than so many a minute within `withinSeconds`. */
  ratePerMinute: z.optional(z.number()),
  withinSeconds: z.optional(Seconds),
  /** It must hold for so long before anybody is told. */
  forSeconds: z.optional(Seconds),
});

/** Who is told of what. */
export const ManifestAlerts = z.strictObject({
  channels: z.array(AlertChannel),
  /** The first alert waits so long for others, and all go in one message; none without it. */
  groupSeconds: z.optional(Seconds),
  /** An equal alert is counted and not sent again before; 600 without it. */
  dedupeSeconds: z.optional(Seconds),
  /** An alert that stays is told again so often at most; as `dedupeSeconds` without it. */
  repeatSeconds: z.optional(Seconds),
  /** Shortest time between two messages of a channel; 10 without it. */
  limitSeconds: z.optional(Seconds),
  rules: z.optional(z.array(AlertRule)),
});

export type AlertChannel = z.infer<typeof AlertChannel>;
export type ManifestAlerts = z.infer<typeof ManifestAlerts>;

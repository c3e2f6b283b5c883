import type { AlertChannel } from "../../contract/alert.ts";
import { type Env, valueOf } from "../../contract/env.ts";
import { meaningOf } from "../../sources/toggles/toggle-value.ts";
import { type Channel, DELIVERY_LIMITS, type DeliveryLimits, type Sender } from "./channel.ts";

/** The channels of a manifest. Each loads its sender with the first message. */
export function openChannels(
  channels: readonly AlertChannel[],
  env: Env,
  limits: DeliveryLimits = DELIVERY_LIMITS,
): Channel[] {
  return channels.map((channel) => {
    const isReady = () => isOn(channel, env) && needsOf(channel).every((it) => isSet(it, env));
    return {
      name: channel.name,
      kind: channel.kind,
      isReady,
      send: async (message, signal) => {
        if (!isReady()) return "skipped";
        const send = await senderOf(channel);
        return send(message, { env, limits, signal });
      },
    };
  });
}

async function senderOf(channel: AlertChannel): Promise<Sender> {
  switch (channel.kind) {
    case "webhook":
      return (await import("./webhook.ts")).webhookSender(channel);
    case "sendgrid":
    case "smtp":
      return (await import("./mail.ts")).mailSender(channel);
    case "telegram":
      return (await import("./telegram.ts")).telegramSender(channel);
    case "slack":
      return (await import("./slack.ts")).slackSender(channel);
    case "discord":
    case "discord-bot":
      return (await import("./discord.ts")).discordSender(channel);
    case "sentry":
      return (await import("./sentry.ts")).sentrySender(channel);
  }
}

function isOn({ enabledEnv }: AlertChannel, env: Env): boolean {
  return enabledEnv === undefined || meaningOf(env[enabledEnv]) === "on";
}

/** Variables that must be set: one of each list. */
function needsOf(channel: AlertChannel): readonly (readonly (string | undefined)[])[] {
  switch (channel.kind) {
    case "webhook":
    case "slack":
    case "discord":
      return [[channel.urlEnv]];
    case "sendgrid":
      return [[channel.keyEnv], ...addressNeeds(channel)];
    case "smtp":
      return [[channel.urlEnv, channel.hostEnv], ...addressNeeds(channel)];
    case "telegram":
      return [[channel.tokenEnv], [channel.chatEnv, channel.chatFallbackEnv]];
    case "discord-bot":
      return [[channel.tokenEnv], [channel.channelEnv]];
    case "sentry":
      return [[channel.dsnEnv]];
  }
}

function addressNeeds(channel: Extract<AlertChannel, { kind: "sendgrid" | "smtp" }>) {
  return [
    [channel.fromEnv, channel.fromFallbackEnv],
    [channel.toEnv, channel.toFallbackEnv],
  ];
}

function isSet(names: readonly (string | undefined)[], env: Env): boolean {
  return names.some((name) => name !== undefined && valueOf(env, name) !== undefined);
}

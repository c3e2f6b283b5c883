import type { AlertChannel } from "../../contract/alert.ts";
import { type Env, meaningOf, valueOf } from "../../contract/env.ts";
import { type Channel, deliverHttp, DELIVERY_LIMITS } from "./channel.ts";

/** The channels of a manifest. Each loads its code with the first message. */
export function openChannels(
  channels: readonly AlertChannel[],
  env: Env,
  limits = DELIVERY_LIMITS,
): Channel[] {
  return channels.map((channel) => {
    const isReady = () => isOn(channel, env) && needsOf(channel).every((it) => isSet(it, env));
    return {
      name: channel.name,
      kind: channel.kind,
      isReady,
      send: async (message, signal) => {
        if (!isReady()) return "skipped";
        if (channel.kind === "sendgrid" || channel.kind === "smtp") {
          const { alertMail, deliverMail } = await import("./mail.ts");
          return deliverMail(channel, alertMail(channel, message, env), { env, limits, signal });
        }
        const { requestOf } = await import("./requests.ts");
        await deliverHttp(requestOf(channel, message, env), { limits, signal });
        return "sent";
      },
    };
  });
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

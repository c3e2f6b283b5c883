import type { RuntimeManifest } from "@opspec/runtime/contract";
import type { AlertChannelSpec } from "../spec/alert-channel.ts";
import type { Reference } from "../spec/reference.ts";
import type { Binding } from "./binding.ts";
import { given } from "./keyed.ts";

type ManifestChannel = NonNullable<RuntimeManifest["alerts"]>["channels"][number];
type MailSpec = Extract<AlertChannelSpec, { sendgrid: object }>["sendgrid"];

/** Variables that override the vendors' base URLs where the spec names none. */
const BASE_URLS = {
  sendgrid: "SENDGRID_BASE_URL",
  telegram: "TELEGRAM_BASE_URL",
  discord: "DISCORD_BASE_URL",
} as const;

/** A channel with the names of its variables. */
export function manifestChannel(
  name: string,
  channel: AlertChannelSpec,
  binding: Binding,
): ManifestChannel {
  const { enabled } = channel;
  const mentions = "mentions" in channel ? channel.mentions : undefined;
  const common = { name, ...given({ enabledEnv: enabled?.env, mentions }) };
  if ("webhook" in channel) {
    return { ...common, kind: "webhook", urlEnv: binding.nameOf(channel.webhook) };
  }
  if ("slack" in channel) {
    return { ...common, kind: "slack", urlEnv: binding.nameOf(channel.slack) };
  }
  if ("sentry" in channel) {
    return { ...common, kind: "sentry", dsnEnv: binding.nameOf(channel.sentry) };
  }
  return { ...common, ...manifestAccount(channel, binding) };
}

type AccountChannelSpec = Exclude<
  AlertChannelSpec,
  { webhook: object } | { slack: object } | { sentry: object }
>;

/** Channels with more than one URL. */
function manifestAccount(channel: AccountChannelSpec, binding: Binding) {
  if ("telegram" in channel) {
    const { token, chat, baseUrl } = channel.telegram;
    const [chatEnv, chatFallbackEnv] = namesOf(chat, binding);
    return {
      kind: "telegram" as const,
      tokenEnv: binding.nameOf(token),
      chatEnv,
      baseUrlEnv: baseUrl?.env ?? BASE_URLS.telegram,
      ...given({ chatFallbackEnv }),
    };
  }
  if ("discord" in channel) return manifestDiscord(channel.discord, binding);
  if ("sendgrid" in channel) {
    const { key, baseUrl } = channel.sendgrid;
    return {
      kind: "sendgrid" as const,
      keyEnv: binding.nameOf(key),
      baseUrlEnv: baseUrl?.env ?? BASE_URLS.sendgrid,
      ...addressesOf(channel.sendgrid, binding),
    };
  }
  const { url, host, port, user, password, tls } = channel.smtp;
  const name = (part: Reference | undefined) => part && binding.nameOf(part);
  return {
    kind: "smtp" as const,
    ...given({
      urlEnv: name(url),
      hostEnv: name(host),
      portEnv: name(port),
      userEnv: name(user),
      passEnv: name(password),
      tls,
    }),
    ...addressesOf(channel.smtp, binding),
  };
}

function manifestDiscord(
  discord: Extract<AlertChannelSpec, { discord: object }>["discord"],
  binding: Binding,
) {
  if (!("token" in discord)) {
    return { kind: "discord" as const, urlEnv: binding.nameOf(discord) };
  }
  return {
    kind: "discord-bot" as const,
    tokenEnv: binding.nameOf(discord.token),
    channelEnv: binding.nameOf(discord.channel),
    baseUrlEnv: discord.baseUrl?.env ?? BASE_URLS.discord,
  };
}

function addressesOf({ from, to }: Pick<MailSpec, "from" | "to">, binding: Binding) {
  const [fromEnv, fromFallbackEnv] = namesOf(from, binding);
  const [toEnv, toFallbackEnv] = namesOf(to, binding);
  return { fromEnv, toEnv, ...given({ fromFallbackEnv, toFallbackEnv }) };
}

/** The variable and its alternative. */
function namesOf(
  value: MailSpec["from"],
  binding: Binding,
): readonly [name: string, otherwise: string | undefined] {
  const [first, second] = [value].flat();
  if (!first) throw new Error("unreachable: the schema asks for one value at least");
  return [binding.nameOf(first), second && binding.nameOf(second)];
}

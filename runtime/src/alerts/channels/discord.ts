import * as z from "zod/mini";
import type { AlertChannel } from "../../contract/alert.ts";
import type { Env } from "../../contract/env.ts";
import { type AlertMessage, fittedText, isUrgent, linesOf, type Markup } from "../alert-message.ts";
import {
  type AnswerWords,
  baseUrlOf,
  firstValue,
  type HttpRequest,
  JSON_HEADERS,
  loggedText,
  parsedJson,
  urlOf,
} from "./channel.ts";

type DiscordChannel = Extract<AlertChannel, { kind: "discord" | "discord-bot" }>;

/** @see https://discord.com/developers/docs/reference#api-versioning */
const DISCORD_URL = "https://discord.com/api/v10";

/** Shows no previews of links. @see https://discord.com/developers/docs/resources/message#message-object-message-flags */
const SUPPRESS_EMBEDS = 4;

/** @see https://discord.com/developers/docs/topics/rate-limits#exceeding-a-rate-limit */
const Answer = z.object({
  message: z.optional(z.string()),
  retry_after: z.optional(z.number()),
});

/**
 * Characters of Discord's markdown get a backslash, and a zero-width space follows each `@`, although
 * `allowed_mentions` already limits who is mentioned.
 */
const MARKUP: Markup = {
  escape: (text) => text.replaceAll(/[\\*_~|`>#[\]<]/g, "\\$&").replaceAll("@", "@\u200b"),
  strong: (escaped) => `**${escaped}**`,
  /** @see https://discord.com/developers/docs/resources/message#create-message */
  length: 2000,
};

/** A message for a webhook, or of a bot to a channel. */
export function discordRequest(
  channel: DiscordChannel,
  message: AlertMessage,
  env: Env,
): HttpRequest {
  const mentioned = isUrgent(message) ? (channel.mentions ?? []).map(mentionOf) : [];
  const idsOf = (kind: string) => mentioned.filter((it) => it.kind === kind).map(({ id }) => id);
  const body = {
    content: fittedText(linesOf(message), MARKUP, mentioned.map(({ text }) => text).join(" ")),
    allowed_mentions: {
      parse: idsOf("everyone").length > 0 ? ["everyone"] : [],
      users: idsOf("user"),
      roles: idsOf("role"),
    },
    flags: SUPPRESS_EMBEDS,
  };
  const { url, headers, secret } = endpointOf(channel, env);
  return {
    url,
    headers,
    body: JSON.stringify(body),
    read: (text) => wordsOf(text, secret),
  };
}

function endpointOf(channel: DiscordChannel, env: Env) {
  if (channel.kind === "discord") {
    const url = urlOf(env, channel.urlEnv);
    // The token is the last part of the path.
    return { url, headers: JSON_HEADERS, secret: new URL(url).pathname.split("/").at(-1) ?? "" };
  }
  const secret = firstValue(env, channel.tokenEnv);
  const id = encodeURIComponent(firstValue(env, channel.channelEnv));
  const url = `${baseUrlOf(env, channel.baseUrlEnv, DISCORD_URL)}/channels/${id}/messages`;
  return { url, headers: { ...JSON_HEADERS, authorization: `Bot ${secret}` }, secret };
}

/** `here`, `everyone`, `role:` with the id of a role, or the id of a user. */
function mentionOf(mention: string): {
  readonly kind: "everyone" | "role" | "user";
  readonly id: string;
  readonly text: string;
} {
  if (mention === "here" || mention === "everyone") {
    return { kind: "everyone", id: mention, text: `@${mention}` };
  }
  const [, role] = /^role:(.+)$/.exec(mention) ?? [];
  if (role !== undefined) return { kind: "role", id: role, text: `<@&${role}>` };
  return { kind: "user", id: mention, text: `<@${mention}>` };
}

/** The wait in the answer is more precise than the one in the header. */
function wordsOf(text: string, secret: string): AnswerWords {
  const { data } = Answer.safeParse(parsedJson(text));
  const seconds = data?.retry_after;
  return {
    problem: loggedText(data?.message ?? "", [secret]),
    retryAfterMs: seconds === undefined ? undefined : Math.ceil(seconds * 1000),
  };
}

import * as z from "zod/mini";
import type { AlertChannel } from "../../contract/alert.ts";
import { fittedText, isUrgent, linesOf, type Markup } from "../alert-message.ts";
import { type AnswerWords, deliverHttp, loggedText } from "./http-delivery.ts";
import {
  baseUrlOf,
  firstValue,
  JSON_HEADERS,
  parsedJson,
  type Sender,
  type SendOptions,
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

/** Posts to a webhook, or as a bot to a channel. */
export function discordSender(channel: DiscordChannel): Sender {
  return async (message, { env, limits, signal }) => {
    const mentioned = isUrgent(message) ? (channel.mentions ?? []).map(mentionOf) : [];
    const head = mentioned.map((it) => it.text).join(" ");
    const { url, headers, secret } = endpointOf(channel, env);
    await deliverHttp({
      url,
      headers: { ...JSON_HEADERS, ...headers },
      body: JSON.stringify({
        content: fittedText(linesOf(message), MARKUP, head),
        allowed_mentions: {
          parse: mentioned.some((it) => it.kind === "everyone") ? ["everyone"] : [],
          users: mentioned.filter((it) => it.kind === "user").map((it) => it.id),
          roles: mentioned.filter((it) => it.kind === "role").map((it) => it.id),
        },
        flags: SUPPRESS_EMBEDS,
      }),
      read: (text) => wordsOf(text, secret),
      limits,
      signal,
    });
    return "sent";
  };
}

/** Where and how a message is posted. */
interface Endpoint {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly secret: string;
}

function endpointOf(channel: DiscordChannel, env: SendOptions["env"]): Endpoint {
  if (channel.kind === "discord") {
    const url = urlOf(env, channel.urlEnv);
    // The token is the last part of the path.
    return { url, headers: {}, secret: new URL(url).pathname.split("/").at(-1) ?? "" };
  }
  const secret = firstValue(env, channel.tokenEnv);
  const id = encodeURIComponent(firstValue(env, channel.channelEnv));
  const base = baseUrlOf(env, channel.baseUrlEnv, DISCORD_URL);
  return {
    url: `${base}/channels/${id}/messages`,
    headers: { authorization: `Bot ${secret}` },
    secret,
  };
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

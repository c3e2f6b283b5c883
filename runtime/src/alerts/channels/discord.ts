import * as z from "zod/mini";
import type { AlertChannel } from "../../contract/alert.ts";
import { isCalling, linesOf } from "../alert-text.ts";
import { fittedText, type Markup } from "../fitted-text.ts";
import { type AnswerWords, deliverHttp, toldText } from "../http-delivery.ts";
import {
  baseUrlOf,
  firstValue,
  JSON_HEADERS,
  parsedJson,
  type Sender,
  type Sending,
  urlOf,
} from "./sender.ts";

type DiscordChannel = Extract<AlertChannel, { kind: "discord" | "discord-bot" }>;

/** @see https://discord.com/developers/docs/reference#api-versioning */
const DISCORD_URL = "https://discord.com/api/v10";

/** Links in an alert are not opened for a picture. @see https://discord.com/developers/docs/resources/message#message-object-message-flags */
const SUPPRESS_EMBEDS = 4;

/** @see https://discord.com/developers/docs/topics/rate-limits#exceeding-a-rate-limit */
const Answer = z.object({
  message: z.optional(z.string()),
  retry_after: z.optional(z.number()),
});

/**
 * What means something in Discord's markdown gets a backslash, and a character without width stands
 * behind each `@`, although nobody is called who is not declared.
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
    const called = isCalling(message) ? (channel.mentions ?? []).map(mentionOf) : [];
    const head = called.map((it) => it.text).join(" ");
    const { url, headers, secret } = placeOf(channel, env);
    await deliverHttp({
      url,
      headers: { ...JSON_HEADERS, ...headers },
      body: JSON.stringify({
        content: fittedText(linesOf(message), MARKUP, head),
        allowed_mentions: {
          parse: called.some((it) => it.kind === "everyone") ? ["everyone"] : [],
          users: called.filter((it) => it.kind === "user").map((it) => it.id),
          roles: called.filter((it) => it.kind === "role").map((it) => it.id),
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

interface Place {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly secret: string;
}

function placeOf(channel: DiscordChannel, env: Sending["env"]): Place {
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

/** `here`, `everyone`, `role:` and the id of a role, or the id of a user. */
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

/** Discord says the wait in the answer more exactly than in the header. */
function wordsOf(text: string, secret: string): AnswerWords {
  const { data } = Answer.safeParse(parsedJson(text));
  const seconds = data?.retry_after;
  return {
    problem: toldText(data?.message ?? "", [secret]),
    retryAfterMs: seconds === undefined ? undefined : Math.ceil(seconds * 1000),
  };
}

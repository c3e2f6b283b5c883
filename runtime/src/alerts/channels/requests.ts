import { randomUUID } from "node:crypto";
import type { AlertChannel } from "../../contract/alert.ts";
import { type Env, valueOf } from "../../contract/env.ts";
import { escapeHtml } from "../../contract/text.ts";
import { RUNTIME_VERSION } from "../../version.ts";
import {
  type AlertMessage,
  countOf,
  fittedText,
  headline,
  isUrgent,
  linesOf,
  type Markup,
} from "../alert-message.ts";
import {
  baseUrlOf,
  ChannelError,
  firstValue,
  type HttpRequest,
  JSON_HEADERS,
  loggedText,
  readAnswer,
  urlOf,
} from "./channel.ts";

type Of<Kind extends AlertChannel["kind"]> = Extract<AlertChannel, { kind: Kind }>;

/** The request that brings a message to a channel. */
export function requestOf(
  channel: Exclude<AlertChannel, { kind: "sendgrid" | "smtp" }>,
  message: AlertMessage,
  env: Env,
): HttpRequest {
  switch (channel.kind) {
    case "webhook":
      return { url: urlOf(env, channel.urlEnv), headers: JSON_HEADERS, body: webhookBody(message) };
    case "telegram":
      return telegramRequest(channel, message, env);
    case "slack":
      return slackRequest(channel, message, env);
    case "discord":
    case "discord-bot":
      return discordRequest(channel, message, env);
    case "sentry":
      return sentryRequest(channel, message, env);
  }
}

/**
 * The alert as JSON. Several alerts are one object of `kind: "digest"` with `alerts`. A `count` says
 * how many equal alerts an object stands for.
 */
function webhookBody(message: AlertMessage): string {
  const { items, more, note } = message;
  const alerts = items.map(({ event, count }) => ({ ...event, count }));
  const [only] = items;
  if (!only || items.length > 1 || more > 0) {
    const title = headline(message);
    return JSON.stringify({ kind: "digest", title, count: countOf(message), alerts, more, note });
  }
  return JSON.stringify({ ...only.event, count: only.count === 1 ? undefined : only.count, note });
}

/** @see https://core.telegram.org/bots/api#making-requests */
const TELEGRAM_URL = "https://api.telegram.org";

/**
 * HTML, in which `&`, `<` and `>` are escaped. An `@name` in a group mentions that person, so a
 * zero-width space follows each `@`.
 *
 * @see https://core.telegram.org/bots/api#html-style
 */
const TELEGRAM_HTML: Markup = {
  escape: (text) => escapeHtml(text).replaceAll("@", "@\u200b"),
  strong: (escaped) => `<b>${escaped}</b>`,
  // The limit applies to the text without markup, so this is on the safe side.
  length: 4096,
};

/** A message of a bot to a chat. */
function telegramRequest(channel: Of<"telegram">, message: AlertMessage, env: Env): HttpRequest {
  const { tokenEnv, chatEnv, chatFallbackEnv, baseUrlEnv, mentions = [] } = channel;
  const token = firstValue(env, tokenEnv);
  // `@name`, or the number of a user without a name.
  const mentioned = mentions.map((it) =>
    /^\d+$/.test(it) ? `<a href="tg://user?id=${it}">${it}</a>` : escapeHtml(it),
  );
  const head = isUrgent(message) ? mentioned.join(" ") : "";
  return {
    url: `${baseUrlOf(env, baseUrlEnv, TELEGRAM_URL)}/bot${token}/sendMessage`,
    headers: JSON_HEADERS,
    body: JSON.stringify({
      chat_id: firstValue(env, chatEnv, chatFallbackEnv),
      text: fittedText(linesOf(message), TELEGRAM_HTML, head),
      parse_mode: "HTML",
      link_preview_options: { is_disabled: true },
    }),
    read: (text) => {
      const { ok, ...words } = readAnswer(text, token);
      if (ok !== undefined) return { ...words, isRefused: !ok };
      return { isRefused: true, problem: "the answer does not come from Telegram" };
    },
  };
}

/** @see https://docs.slack.dev/reference/block-kit/blocks/header-block */
const HEADER_LENGTH = 150;

/** @see https://docs.slack.dev/reference/block-kit/blocks/section-block */
const SECTION_LENGTH = 3000;

/** Longest text beside the blocks, which notifications show. */
const FALLBACK_LENGTH = 300;

/** For blocks of `plain_text`, in which nothing is markup or a mention. */
const plain = (length: number): Markup => ({
  escape: (text) => text,
  strong: (text) => text,
  length,
});

/** A message for an incoming webhook. */
function slackRequest(channel: Of<"slack">, message: AlertMessage, env: Env): HttpRequest {
  const [title, ...rest] = linesOf(message);
  const header = title ? fittedText([title], plain(HEADER_LENGTH)) : "";
  // A title that does not fit into the header follows in full below it.
  const below = title && header !== title.text ? [title, ...rest] : rest;
  const section = plainText(fittedText(below, plain(SECTION_LENGTH)));
  const mentions = isUrgent(message) ? (channel.mentions ?? []).map(slackMention).join(" ") : "";
  // Markup works in this text, so mentions are escaped. @see https://docs.slack.dev/messaging/formatting-message-text#escaping
  const fallback = { ...plain(FALLBACK_LENGTH), escape: escapeHtml };
  const url = urlOf(env, channel.urlEnv);
  const body = {
    text: fittedText([{ text: headline(message) }], fallback),
    blocks: [
      { type: "header", text: plainText(header) },
      ...(mentions ? [{ type: "section", text: { type: "mrkdwn", text: mentions } }] : []),
      ...(below.length > 0 ? [{ type: "section", text: section }] : []),
    ],
    unfurl_links: false,
    unfurl_media: false,
  };
  // Slack names the problem in one word, such as no_service.
  const read = (text: string) =>
    /^[a-z_]{1,60}$/.test(text) ? { problem: loggedText(text, [url]) } : {};
  return { url, headers: JSON_HEADERS, body: JSON.stringify(body), read };
}

function plainText(text: string) {
  return { type: "plain_text", text, emoji: false };
}

/** `here`, `channel`, `everyone`, or the id of a user (U…, W…) or a group (S…). */
function slackMention(mention: string): string {
  if (/^(here|channel|everyone)$/.test(mention)) return `<!${mention}>`;
  return mention.startsWith("S") ? `<!subteam^${mention}>` : `<@${mention}>`;
}

/** @see https://discord.com/developers/docs/reference#api-versioning */
const DISCORD_URL = "https://discord.com/api/v10";

/** Shows no previews of links. @see https://discord.com/developers/docs/resources/message#message-object-message-flags */
const SUPPRESS_EMBEDS = 4;

/**
 * Characters of Discord's markdown get a backslash, and a zero-width space follows each `@`, although
 * `allowed_mentions` already limits who is mentioned.
 */
const DISCORD_MARKDOWN: Markup = {
  escape: (text) => text.replaceAll(/[\\*_~|`>#[\]<]/g, "\\$&").replaceAll("@", "@\u200b"),
  strong: (escaped) => `**${escaped}**`,
  /** @see https://discord.com/developers/docs/resources/message#create-message */
  length: 2000,
};

/** A message for a webhook, or of a bot to a channel. */
function discordRequest(
  channel: Of<"discord" | "discord-bot">,
  message: AlertMessage,
  env: Env,
): HttpRequest {
  const mentioned = isUrgent(message) ? (channel.mentions ?? []).map(discordMention) : [];
  const idsOf = (kind: string) => mentioned.filter((it) => it.kind === kind).map(({ id }) => id);
  const head = mentioned.map(({ text }) => text).join(" ");
  const body = JSON.stringify({
    content: fittedText(linesOf(message), DISCORD_MARKDOWN, head),
    allowed_mentions: {
      parse: idsOf("everyone").length > 0 ? ["everyone"] : [],
      users: idsOf("user"),
      roles: idsOf("role"),
    },
    flags: SUPPRESS_EMBEDS,
  });
  if (channel.kind === "discord") {
    const url = urlOf(env, channel.urlEnv);
    // The token is the last part of the path.
    const token = new URL(url).pathname.split("/").at(-1) ?? "";
    return { url, headers: JSON_HEADERS, body, read: (text) => readAnswer(text, token) };
  }
  const token = firstValue(env, channel.tokenEnv);
  const id = encodeURIComponent(firstValue(env, channel.channelEnv));
  return {
    url: `${baseUrlOf(env, channel.baseUrlEnv, DISCORD_URL)}/channels/${id}/messages`,
    headers: { ...JSON_HEADERS, authorization: `Bot ${token}` },
    body,
    read: (text) => readAnswer(text, token),
  };
}

/** `here`, `everyone`, `role:` with the id of a role, or the id of a user. */
function discordMention(mention: string) {
  if (mention === "here" || mention === "everyone") {
    return { kind: "everyone", id: mention, text: `@${mention}` };
  }
  const [, role] = /^role:(.+)$/.exec(mention) ?? [];
  if (role !== undefined) return { kind: "role", id: role, text: `<@&${role}>` };
  return { kind: "user", id: mention, text: `<@${mention}>` };
}

/** @see https://develop.sentry.dev/sdk/overview/#authentication */
const SENTRY_CLIENT = `opspec/${RUNTIME_VERSION}`;

/** An event for a server that accepts Sentry's envelopes. @see https://develop.sentry.dev/sdk/envelopes/ */
function sentryRequest({ dsnEnv }: Of<"sentry">, message: AlertMessage, env: Env): HttpRequest {
  // `https://<key>@<host>/<path>/<project>`
  const dsn = valueOf(env, dsnEnv) ?? "";
  const url = URL.canParse(dsn) ? new URL(dsn) : undefined;
  const [, path = "", project] = /^(.*)\/(\w+)$/.exec(url?.pathname ?? "") ?? [];
  if (!url || url.username === "" || project === undefined) {
    throw new ChannelError(`${dsnEnv} is not a DSN such as https://key@host/1`);
  }
  const auth = `Sentry sentry_version=7, sentry_client=${SENTRY_CLIENT}, sentry_key=${url.username}`;
  return {
    url: `${url.origin}${path}/api/${project}/envelope/`,
    headers: { "content-type": "application/x-sentry-envelope", "x-sentry-auth": auth },
    body: sentryEnvelope(message),
  };
}

function sentryEnvelope(message: AlertMessage): string {
  const id = randomUUID().replaceAll("-", "");
  const about = message.items[0]?.event;
  const now = new Date().toISOString();
  const event = JSON.stringify({
    event_id: id,
    timestamp: about?.at ?? now,
    level: isUrgent(message) ? "error" : "info",
    logger: "opspec",
    platform: "node",
    message: { formatted: headline(message) },
    // Sentry groups by the key, as we do.
    fingerprint: [message.items.length === 1 && about ? about.key : "opspec-digest"],
    tags: { system: about?.system, stack: about?.stack, process: about?.process, job: about?.job },
    extra: { ...about?.details, text: linesOf(message).map((it) => it.text) },
  });
  const item = { type: "event", length: Buffer.byteLength(event) };
  return `${JSON.stringify({ event_id: id, sent_at: now })}\n${JSON.stringify(item)}\n${event}\n`;
}

import type { AlertChannel } from "../../contract/alert.ts";
import { escapeHtml } from "../../contract/text.ts";
import {
  type AlertMessage,
  fittedText,
  headline,
  isUrgent,
  linesOf,
  type Markup,
} from "../alert-message.ts";
import type { Env } from "../../contract/env.ts";
import { type HttpRequest, JSON_HEADERS, loggedText, urlOf } from "./channel.ts";

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

/**
 * The text beside the blocks may contain markup, so mentions are escaped.
 *
 * @see https://docs.slack.dev/messaging/formatting-message-text#escaping
 */
const FALLBACK: Markup = {
  ...plain(FALLBACK_LENGTH),
  escape: escapeHtml,
};

/** A message for an incoming webhook. */
export function slackRequest(
  { urlEnv, mentions = [] }: Extract<AlertChannel, { kind: "slack" }>,
  message: AlertMessage,
  env: Env,
): HttpRequest {
  const [title, ...rest] = linesOf(message);
  const header = title ? fittedText([title], plain(HEADER_LENGTH)) : "";
  // A title that does not fit into the header follows in full below it.
  const below = title && header !== title.text ? [title, ...rest] : rest;
  const section = plainText(fittedText(below, plain(SECTION_LENGTH)));
  const mentioned = isUrgent(message) ? mentions.map(mentionOf).join(" ") : "";
  const url = urlOf(env, urlEnv);
  const body = {
    text: fittedText([{ text: headline(message) }], FALLBACK),
    blocks: [
      { type: "header", text: plainText(header) },
      ...(mentioned ? [{ type: "section", text: { type: "mrkdwn", text: mentioned } }] : []),
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
function mentionOf(mention: string): string {
  if (/^(here|channel|everyone)$/.test(mention)) return `<!${mention}>`;
  return mention.startsWith("S") ? `<!subteam^${mention}>` : `<@${mention}>`;
}

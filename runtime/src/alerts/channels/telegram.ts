import * as z from "zod/mini";
import type { AlertChannel } from "../../contract/alert.ts";
import { escapeHtml } from "../../contract/text.ts";
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
} from "./channel.ts";

/** @see https://core.telegram.org/bots/api#making-requests */
const TELEGRAM_URL = "https://api.telegram.org";

/** @see https://core.telegram.org/bots/api#making-requests */
const Answer = z.object({
  ok: z.boolean(),
  description: z.optional(z.string()),
  parameters: z.optional(z.object({ retry_after: z.optional(z.number()) })),
});

/**
 * HTML, in which `&`, `<` and `>` are escaped. An `@name` in a group mentions that person, so a
 * zero-width space follows each `@`.
 *
 * @see https://core.telegram.org/bots/api#html-style
 */
const MARKUP: Markup = {
  escape: (text) => escapeHtml(text).replaceAll("@", "@\u200b"),
  strong: (escaped) => `<b>${escaped}</b>`,
  // The limit applies to the text without markup, so this is on the safe side.
  length: 4096,
};

/** A message of a bot to a chat. */
export function telegramRequest(
  channel: Extract<AlertChannel, { kind: "telegram" }>,
  message: AlertMessage,
  env: Env,
): HttpRequest {
  const { tokenEnv, chatEnv, chatFallbackEnv, baseUrlEnv, mentions = [] } = channel;
  const token = firstValue(env, tokenEnv);
  const head = isUrgent(message) ? mentions.map(mentionOf).join(" ") : "";
  return {
    url: `${baseUrlOf(env, baseUrlEnv, TELEGRAM_URL)}/bot${token}/sendMessage`,
    headers: JSON_HEADERS,
    body: JSON.stringify({
      chat_id: firstValue(env, chatEnv, chatFallbackEnv),
      text: fittedText(linesOf(message), MARKUP, head),
      parse_mode: "HTML",
      link_preview_options: { is_disabled: true },
    }),
    read: (text) => wordsOf(text, token),
  };
}

/** `@name`, or the number of a user without a name. */
function mentionOf(mention: string): string {
  if (!/^\d+$/.test(mention)) return escapeHtml(mention);
  return `<a href="tg://user?id=${mention}">${mention}</a>`;
}

/** Telegram sends the wait in the answer, not in a header. */
function wordsOf(text: string, token: string): AnswerWords {
  const { data } = Answer.safeParse(parsedJson(text));
  if (!data) return { isRefused: true, problem: "the answer does not come from Telegram" };
  const seconds = data.parameters?.retry_after;
  return {
    isRefused: !data.ok,
    problem: loggedText(data.description ?? "", [token]),
    retryAfterMs: seconds === undefined ? undefined : seconds * 1000,
  };
}

import * as z from "zod/mini";
import type { AlertChannel } from "../../contract/alert.ts";
import { escapeHtml } from "../../contract/text.ts";
import { isCalling, linesOf } from "../alert-text.ts";
import { fittedText, type Markup } from "../fitted-text.ts";
import { type AnswerWords, deliverHttp, toldText } from "../http-delivery.ts";
import { baseUrlOf, firstValue, JSON_HEADERS, parsedJson, type Sender } from "./sender.ts";

type TelegramChannel = Extract<AlertChannel, { kind: "telegram" }>;

/** @see https://core.telegram.org/bots/api#making-requests */
const TELEGRAM_URL = "https://api.telegram.org";

/** @see https://core.telegram.org/bots/api#making-requests */
const Answer = z.object({
  ok: z.boolean(),
  description: z.optional(z.string()),
  parameters: z.optional(z.object({ retry_after: z.optional(z.number()) })),
});

/**
 * HTML, of which `&`, `<` and `>` are all that must be written otherwise. An `@name` anywhere in a
 * group calls that person, so a character without width stands behind each `@`.
 *
 * @see https://core.telegram.org/bots/api#html-style
 */
const MARKUP: Markup = {
  escape: (text) => escapeHtml(text).replaceAll("@", "@\u200b"),
  strong: (escaped) => `<b>${escaped}</b>`,
  // Of the text that is shown; the markup counts here, too, which is on the safe side.
  length: 4096,
};

/** Sends a message of a bot to a chat. */
export function telegramSender(channel: TelegramChannel): Sender {
  const { tokenEnv, chatEnv, chatFallbackEnv, baseUrlEnv, mentions = [] } = channel;
  return async (message, { env, limits, signal }) => {
    const token = firstValue(env, tokenEnv);
    const head = isCalling(message) ? mentions.map(mentionOf).join(" ") : "";
    await deliverHttp({
      url: `${baseUrlOf(env, baseUrlEnv, TELEGRAM_URL)}/bot${token}/sendMessage`,
      headers: JSON_HEADERS,
      body: JSON.stringify({
        chat_id: firstValue(env, chatEnv, chatFallbackEnv),
        text: fittedText(linesOf(message), MARKUP, head),
        parse_mode: "HTML",
        link_preview_options: { is_disabled: true },
      }),
      read: (text) => wordsOf(text, token),
      limits,
      signal,
    });
    return "sent";
  };
}

/** `@name`, or the number of a user that has no name. */
function mentionOf(mention: string): string {
  if (!/^\d+$/.test(mention)) return escapeHtml(mention);
  return `<a href="tg://user?id=${mention}">${mention}</a>`;
}

/** Telegram asks for a wait in the answer, and not in a header. */
function wordsOf(text: string, token: string): AnswerWords {
  const { data } = Answer.safeParse(parsedJson(text));
  if (!data) return { isRefused: true, problem: "the answer is not Telegram's" };
  const seconds = data.parameters?.retry_after;
  return {
    isRefused: !data.ok,
    problem: toldText(data.description ?? "", [token]),
    retryAfterMs: seconds === undefined ? undefined : seconds * 1000,
  };
}

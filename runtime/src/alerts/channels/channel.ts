import * as z from "zod/mini";
import { type Env, valueOf } from "../../contract/env.ts";
import { parseObject, shortText } from "../../contract/text.ts";
import { errorWords } from "../../health/error-words.ts";
import { redact } from "../../redaction.ts";
import { isTemporaryStatus, readRetryAfterMs, retry, type RetryPolicy } from "../../run/retry.ts";
import type { AlertMessage } from "../alert-message.ts";

/** One way to reach people. */
export interface Channel {
  /** As the manifest names it. */
  readonly name: string;
  readonly kind: string;
  /** Whether its variables are set and its switch is on. */
  isReady(): boolean;
  /**
   * Sends one message; `skipped` when a variable is not set. Throws a ChannelError, whose text is
   * logged, when the message cannot be sent, and the signal's reason when it is aborted.
   */
  send(message: AlertMessage, signal: AbortSignal): Promise<"sent" | "skipped">;
}

export interface Mail {
  /** `address` or `Name <address>`. A mail without a sender is skipped. */
  readonly from: string;
  /** A mail without a receiver is skipped. */
  readonly to: readonly string[];
  readonly subject: string;
  readonly html: string;
  readonly text: string;
  readonly attachments?: readonly MailAttachment[];
}

export interface MailAttachment {
  readonly filename: string;
  readonly content: Uint8Array;
  readonly contentType: string;
}

/** How a mail is sent. */
export interface MailDelivery {
  readonly env: Env;
  readonly limits: DeliveryLimits;
  readonly signal: AbortSignal | undefined;
}

/** Limits of the delivery of one message. */
export interface DeliveryLimits {
  /** Of one attempt. */
  readonly timeoutMs: number;
  readonly attempts: number;
  /** Before the second attempt. It doubles before each later one. */
  readonly backoffMs: number;
  /** A server that asks for a longer wait is not waited for, because the end of a run waits. */
  readonly waitMsMax: number;
}

/** A channel that is down delays the end of a run by less than a minute. */
export const DELIVERY_LIMITS: DeliveryLimits = {
  timeoutMs: 5000,
  attempts: 3,
  backoffMs: 1000,
  waitMsMax: 15_000,
};

/** Longest part of an answer that is read. */
const ANSWER_BYTES_MAX = 64 * 1024;

/** Longest part of an answer that is logged. */
const LOGGED_CHARACTERS = 200;

/** Why a channel could not send. Its text contains no URL and no key. */
export class ChannelError extends Error {
  override readonly name = "ChannelError";
  /** Shortest wait before another attempt may succeed; undefined when none will. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfterMs?: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

/** Why a message was not sent, without secrets. */
export function whyNotSent(error: unknown): string {
  if (error instanceof ChannelError) return error.message;
  const name = error instanceof Error ? error.name : typeof error;
  return name === "TimeoutError" ? "it took too long" : `unexpected ${name}`;
}

/** Retries what a ChannelError calls temporary. */
export function deliveryPolicy(limits: DeliveryLimits, signal?: AbortSignal): RetryPolicy {
  return {
    attempts: limits.attempts,
    pauseMs: limits.backoffMs,
    pauseMsMax: limits.waitMsMax,
    signal,
    isTemporary: (error) => askedWaitMs(error) !== undefined,
    retryAfterMs: askedWaitMs,
  };
}

function askedWaitMs(error: unknown): number | undefined {
  return error instanceof ChannelError ? error.retryAfterMs : undefined;
}

/** A POST that a server should accept. */
export interface HttpRequest {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Reads the text of an answer. Without it no answer is read: a webhook's error page may contain
   * the URL, which is a secret.
   */
  readonly read?: (text: string) => AnswerWords;
}

/** What the text of an answer says. */
export interface AnswerWords {
  /** Why the message was not accepted, without credentials. */
  readonly problem?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  /** The message was not accepted, whatever the status. */
  readonly isRefused?: boolean;
}

/**
 * Sends the request until the answer is 2xx. Temporary statuses and broken connections are retried,
 * so a receiver may get an alert twice, with the same `key` and `at`. Other refusals are final.
 */
export async function deliverHttp(
  request: HttpRequest,
  { limits = DELIVERY_LIMITS, signal }: DeliveryOptions = {},
): Promise<void> {
  await retry(() => postOnce(request, limits, signal), deliveryPolicy(limits, signal));
}

export interface DeliveryOptions {
  readonly limits?: DeliveryLimits;
  readonly signal?: AbortSignal | undefined;
}

/** Text of an answer for the log: short, in one line and without secrets. */
export function loggedText(text: string, secrets: readonly string[] = []): string {
  const hidden = secrets
    .filter((it) => it !== "")
    .reduce((left, it) => left.replaceAll(it, "[redacted]"), redact(text));
  return shortText(hidden.replaceAll(/\s+/g, " ").trim(), LOGGED_CHARACTERS);
}

/**
 * The fields in which chats and SendGrid say what is wrong, and how long to wait, in s.
 *
 * @see https://core.telegram.org/bots/api#making-requests
 * @see https://discord.com/developers/docs/topics/rate-limits#exceeding-a-rate-limit
 * @see https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/responses
 */
const Answer = z.object({
  ok: z.optional(z.boolean()),
  description: z.optional(z.string()),
  message: z.optional(z.string()),
  // Discord has an object here.
  errors: z.optional(z.union([z.array(z.object({ message: z.string() })), z.looseObject({})])),
  retry_after: z.optional(z.number()),
  parameters: z.optional(z.object({ retry_after: z.optional(z.number()) })),
});

/** What an answer in JSON says, without the secret. Its wait is more precise than the header's. */
export function readAnswer(text: string, secret: string): AnswerWords & { ok?: boolean } {
  const { data } = Answer.safeParse(parseObject(text));
  if (!data) return {};
  const { ok, description, message, errors, parameters } = data;
  const seconds = data.retry_after ?? parameters?.retry_after;
  const list = Array.isArray(errors) ? errors : undefined;
  const problem = description ?? message ?? list?.map((it) => it.message).join("; ") ?? "";
  return {
    ...(ok === undefined ? {} : { ok }),
    problem: loggedText(problem, [secret]),
    ...(seconds === undefined ? {} : { retryAfterMs: Math.ceil(seconds * 1000) }),
  };
}

async function postOnce(
  { url, body, headers, read }: HttpRequest,
  { timeoutMs }: DeliveryLimits,
  stop: AbortSignal | undefined,
): Promise<void> {
  const limit = AbortSignal.timeout(timeoutMs);
  const signal = stop ? AbortSignal.any([stop, limit]) : limit;
  try {
    // A redirect would send the alert to a server that nobody declared.
    const response = await fetch(url, {
      method: "POST",
      headers,
      body,
      redirect: "manual",
      signal,
    });
    const words = read ? read(await boundedBody(response)) : await unread(response);
    if (response.ok && !words.isRefused) return;
    const waitMs = words.retryAfterMs ?? readRetryAfterMs(response.headers) ?? 0;
    const problem = words.problem ? `: ${words.problem}` : "";
    const retryAfterMs = isTemporaryStatus(response.status) ? waitMs : undefined;
    throw new ChannelError(`HTTP ${response.status}${problem}`, retryAfterMs);
  } catch (error) {
    if (error instanceof ChannelError) throw error;
    stop?.throwIfAborted();
    if (limit.aborted) throw new ChannelError(`no answer within ${timeoutMs} ms`, 0);
    throw new ChannelError(`the connection failed: ${errorWords(error)}`, 0);
  }
}

async function unread(response: Response): Promise<AnswerWords> {
  await response.body?.cancel();
  return {};
}

async function boundedBody(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    parts.push(part);
    bytes += part.length;
    if (bytes >= ANSWER_BYTES_MAX) break;
  }
  return Buffer.concat(parts).subarray(0, ANSWER_BYTES_MAX).toString();
}

/** The first of these variables that is set. */
export function firstValue(env: Env, ...names: readonly (string | undefined)[]): string {
  const values = names.flatMap((name) => (name === undefined ? [] : (valueOf(env, name) ?? [])));
  return values[0] ?? "";
}

/** The URL in a variable. */
export function urlOf(env: Env, name: string): string {
  const url = valueOf(env, name) ?? "";
  if (!URL.canParse(url)) throw new ChannelError(`${name} is not a URL`);
  return url;
}

/** The URL in a variable without trailing slashes, or else the vendor's. */
export function baseUrlOf(env: Env, name: string, vendorUrl: string): string {
  return valueOf(env, name) === undefined ? vendorUrl : urlOf(env, name).replace(/\/+$/, "");
}

export const JSON_HEADERS = { "content-type": "application/json" };

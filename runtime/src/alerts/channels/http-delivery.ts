import { shortText } from "../../contract/text.ts";
import { errorWords } from "../../health/error-words.ts";
import { redact } from "../../redaction.ts";
import { isTemporaryStatus, readRetryAfterMs, retry } from "../../run/retry.ts";
import { ChannelError, DELIVERY_LIMITS, type DeliveryLimits, deliveryPolicy } from "./channel.ts";

/** Longest part of an answer that is read. */
const ANSWER_BYTES_MAX = 64 * 1024;

/** Longest part of an answer that is logged. */
const LOGGED_CHARACTERS = 200;

/** A POST that a server should accept. */
export interface HttpDelivery {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly limits?: DeliveryLimits;
  readonly signal?: AbortSignal;
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
export async function deliverHttp(delivery: HttpDelivery): Promise<void> {
  const { limits = DELIVERY_LIMITS, signal } = delivery;
  await retry(() => postOnce(delivery, limits), deliveryPolicy(limits, signal));
}

/** Text of an answer for the log: short, in one line and without secrets. */
export function loggedText(text: string, secrets: readonly string[] = []): string {
  const hidden = secrets
    .filter((it) => it !== "")
    .reduce((left, it) => left.replaceAll(it, "[redacted]"), redact(text));
  return shortText(hidden.replaceAll(/\s+/g, " ").trim(), LOGGED_CHARACTERS);
}

async function postOnce(delivery: HttpDelivery, limits: DeliveryLimits): Promise<void> {
  const { read } = delivery;
  const limit = AbortSignal.timeout(limits.timeoutMs);
  try {
    const response = await post(delivery, limit);
    const words = read ? read(await boundedBody(response)) : await unread(response);
    if (response.ok && !words.isRefused) return;
    const waitMs = words.retryAfterMs ?? readRetryAfterMs(response.headers) ?? 0;
    const problem = words.problem ? `: ${words.problem}` : "";
    const retryAfterMs = isTemporaryStatus(response.status) ? waitMs : undefined;
    throw new ChannelError(`HTTP ${response.status}${problem}`, retryAfterMs);
  } catch (error) {
    if (error instanceof ChannelError) throw error;
    delivery.signal?.throwIfAborted();
    if (limit.aborted) throw new ChannelError(`no answer within ${limits.timeoutMs} ms`, 0);
    throw new ChannelError(`the connection failed: ${errorWords(error)}`, 0);
  }
}

function post({ url, body, headers, signal }: HttpDelivery, limit: AbortSignal): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers,
    body,
    // A redirect would send the alert to a server that nobody declared.
    redirect: "manual",
    signal: signal ? AbortSignal.any([signal, limit]) : limit,
  });
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

import { errorWords } from "../health/error-words.ts";
import { redact } from "../redaction.ts";
import { shortText } from "../contract/text.ts";
import {
  type Attempt,
  attemptDelivery,
  DELIVERY_LIMITS,
  type DeliveryLimits,
} from "./delivery-attempts.ts";

/** Longest part of an answer that is read; an API says in less what is wrong. */
const ANSWER_BYTES_MAX = 64 * 1024;

/** Longest part of an answer that is told. */
const TOLD_CHARACTERS = 200;

/** A POST that is to be accepted. */
export interface HttpDelivery {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly limits?: DeliveryLimits;
  readonly signal?: AbortSignal;
  /**
   * What the text of an answer says beyond its status. Without it no answer is read: the error page
   * of a webhook may repeat the URL, which is a secret.
   */
  readonly read?: (text: string) => AnswerWords;
}

/** What the text of an answer says. */
export interface AnswerWords {
  /** Why it was not accepted, in the receiver's words, without any credential. */
  readonly problem?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  /** It was not accepted, although the status says so. */
  readonly isRefused?: boolean;
}

/**
 * Sends and expects a 2xx. Refused requests are not repeated; 408, 425, 429, 5xx and broken
 * connections are, so a receiver may see an alert twice: its `key` and `at` are the same.
 */
export async function deliverHttp(delivery: HttpDelivery): Promise<void> {
  const { limits = DELIVERY_LIMITS, signal } = delivery;
  await attemptDelivery(() => postOnce(delivery, limits), limits, signal);
}

/** Text of an answer as it may be told: short, in one line, and without what is secret. */
export function toldText(text: string, secrets: readonly string[] = []): string {
  const hidden = secrets
    .filter((it) => it !== "")
    .reduce((left, it) => left.replaceAll(it, "[redacted]"), redact(text));
  return shortText(hidden.replaceAll(/\s+/g, " ").trim(), TOLD_CHARACTERS);
}

async function postOnce(delivery: HttpDelivery, limits: DeliveryLimits): Promise<Attempt> {
  const { url, body, headers, signal, read } = delivery;
  const limit = AbortSignal.timeout(limits.timeoutMs);
  try {
    const response = await fetch(url, {
      method: "POST",
      headers,
      body,
      // A redirect would carry the alert to a place that nobody declared.
      redirect: "manual",
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    const words = read ? read(await boundedBody(response)) : await unread(response);
    if (response.ok && !words.isRefused) return "done";
    const mayHelp = RETRIED.has(response.status) || response.status >= 500;
    const waitMs = words.retryAfterMs ?? waitOf(response.headers.get("retry-after"));
    const problem = words.problem ? `: ${words.problem}` : "";
    return {
      error: `HTTP ${response.status}${problem}`,
      retryAfterMs: mayHelp ? waitMs : undefined,
    };
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    const isLate = error instanceof Error && error.name === "TimeoutError";
    const late = `no answer within ${limits.timeoutMs} ms`;
    return {
      error: isLate ? late : `the connection failed: ${errorWords(error)}`,
      retryAfterMs: 0,
    };
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

/** Refusals that another try may turn. @see https://www.rfc-editor.org/rfc/rfc9110#section-15.5 */
const RETRIED: ReadonlySet<number> = new Set([408, 425, 429]);

/** Seconds, whole or not, or a date. @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
function waitOf(header: string | null): number {
  if (header === null) return 0;
  const isSeconds = /^\d{1,9}(\.\d+)?$/.test(header);
  const waitMs = isSeconds ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(waitMs) ? Math.max(0, Math.ceil(waitMs)) : 0;
}

import { setTimeout as sleep } from "node:timers/promises";
import { ChannelError } from "./channel.ts";

/** How long and how often a delivery is tried. */
export interface DeliveryLimits {
  /** Of one attempt. */
  readonly timeoutMs: number;
  readonly attempts: number;
  /** Before the second attempt; doubled before each later one. */
  readonly backoffMs: number;
  /** A server that asks for a longer wait is not waited for: the end of a job waits for its alert. */
  readonly waitMsMax: number;
}

/** A run that ended is kept up for well under a minute by a channel that is away. */
export const DELIVERY_LIMITS: DeliveryLimits = {
  timeoutMs: 5000,
  attempts: 3,
  backoffMs: 1000,
  waitMsMax: 15_000,
};

/** What one attempt came to: nothing more to do, or why not, and whether another one may help. */
type Attempt = "done" | { readonly error: string; readonly retryAfterMs: number | undefined };

/**
 * Sends JSON and expects a 2xx. Refused requests are not repeated; 408, 425, 429, 5xx and broken
 * connections are, so a receiver may see an alert twice: its `key` and `at` are the same.
 */
export async function postJson(
  url: string,
  body: unknown,
  limits: DeliveryLimits = DELIVERY_LIMITS,
): Promise<void> {
  let last = "it was not tried";
  for (let attempt = 1; attempt <= limits.attempts; attempt += 1) {
    const result = await postOnce(url, body, limits);
    if (result === "done") return;
    last = result.error;
    if (result.retryAfterMs === undefined || attempt === limits.attempts) break;
    const waitMs = Math.max(result.retryAfterMs, limits.backoffMs * 2 ** (attempt - 1));
    if (waitMs > limits.waitMsMax) break;
    await sleep(waitMs);
  }
  throw new ChannelError(last);
}

async function postOnce(url: string, body: unknown, limits: DeliveryLimits): Promise<Attempt> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      // A redirect would carry the alert to a place that nobody declared.
      redirect: "manual",
      signal: AbortSignal.timeout(limits.timeoutMs),
    });
    // An error page may repeat the URL, which is a secret: it is not read.
    await response.body?.cancel();
    if (response.ok) return "done";
    const mayHelp = RETRIED.has(response.status) || response.status >= 500;
    const retryAfterMs = mayHelp ? waitOf(response.headers.get("retry-after")) : undefined;
    return { error: `HTTP ${response.status}`, retryAfterMs };
  } catch (error) {
    const isLate = error instanceof Error && error.name === "TimeoutError";
    const words = isLate ? `no answer within ${limits.timeoutMs} ms` : "the connection failed";
    return { error: words, retryAfterMs: 0 };
  }
}

/** Refusals that another try may turn. @see https://www.rfc-editor.org/rfc/rfc9110#section-15.5 */
const RETRIED: ReadonlySet<number> = new Set([408, 425, 429]);

/** Seconds or a date. @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
function waitOf(header: string | null): number {
  if (header === null) return 0;
  const waitMs = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(waitMs) ? Math.max(0, waitMs) : 0;
}

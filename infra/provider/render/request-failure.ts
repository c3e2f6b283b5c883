import { type Json, memberAt, RenderError } from "./answer.ts";

/** The longest wait for a rate limit: Render's longest window is an hour. */
const RATE_LIMIT_WAIT_MAX_MS = 61 * 60_000;

/** What came of a request: an answer, or none. */
export type Answer =
  | { readonly status: number; readonly body: Json; readonly headers: Headers }
  | { readonly lost: Error };

/** The failure of what was being done, in words, with what decides whether it is tried again. */
export function failureOf(doing: string, answer: Answer): RenderError {
  if ("lost" in answer) {
    const reason =
      answer.lost.cause instanceof Error ? answer.lost.cause.message : answer.lost.message;
    return new RenderError(`Render: could not ${doing}: no answer (${reason}).`, {
      maybeDone: true,
      cause: answer.lost,
    });
  }
  const { status, body } = answer;
  const said = messageOf(body);
  return new RenderError(`Render: could not ${doing}: HTTP ${status}${said && `: ${said}`}`, {
    status,
    maybeDone: status >= 500,
  });
}

function messageOf(body: Json): string {
  const message = memberAt(body, ["message"]);
  return typeof message === "string" ? message : "";
}

/** How long to wait after a 429. Retry-After, else Ratelimit-Reset: both in seconds. */
export function rateLimitWaitMs(answer: Answer): number {
  const headers = "headers" in answer ? answer.headers : undefined;
  const seconds = Number(headers?.get("retry-after") ?? headers?.get("ratelimit-reset") ?? 1);
  return Math.min((Number.isFinite(seconds) ? seconds : 1) * 1000, RATE_LIMIT_WAIT_MAX_MS);
}

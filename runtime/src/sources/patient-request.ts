import type { ManifestSource } from "../contract/source.ts";
import { isTemporaryStatus, readRetryAfterMs, retry } from "../run/retry.ts";
import { request } from "./http-source.ts";
import type { SourceReading } from "./source-deps.ts";

/** Most requests for one answer: Google's quotas refill every minute, and a reader has other things to do. */
const ATTEMPTS_MAX = 3;

/** Pause before the second attempt, in ms. @see https://developers.google.com/workspace/sheets/api/limits */
const RETRY_MS = 1_000;

/** Longest pause that a server may ask for by Retry-After, in ms. */
const RETRY_AFTER_MAX_MS = 10_000;

interface RepeatableRequest {
  readonly url: string;
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: URLSearchParams;
}

/** An answer after which another request may succeed. */
class TemporaryAnswer extends Error {
  readonly answer: Response;

  constructor(answer: Response) {
    super(`HTTP ${answer.status}`);
    this.answer = answer;
  }
}

/** A request that may be repeated: again after 429 and 5xx, a few times. The last answer is returned. */
export async function patientRequest(
  source: ManifestSource,
  { url, ...init }: RepeatableRequest,
  { signal, retryMs = RETRY_MS }: SourceReading,
): Promise<Response> {
  const requestOnce = async (): Promise<Response> => {
    const answer = await request(source, url, { ...init, signal });
    if (isTemporaryStatus(answer.status)) throw new TemporaryAnswer(answer);
    return answer;
  };
  try {
    return await retry(requestOnce, {
      attempts: ATTEMPTS_MAX,
      pauseMs: retryMs,
      pauseMsMax: RETRY_AFTER_MAX_MS,
      signal,
      isTemporary: (error) => error instanceof TemporaryAnswer,
      retryAfterMs: retryAfterOf,
      onRetry: ({ error }) => {
        if (error instanceof TemporaryAnswer) void error.answer.body?.cancel();
      },
    });
  } catch (error) {
    if (error instanceof TemporaryAnswer) return error.answer;
    throw error;
  }
}

function retryAfterOf(error: unknown): number | undefined {
  return error instanceof TemporaryAnswer ? readRetryAfterMs(error.answer.headers) : undefined;
}

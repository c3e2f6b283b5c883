import { setTimeout as wait } from "node:timers/promises";
import type { ManifestSource } from "../contract/source.ts";
import { request } from "./http-source.ts";
import type { SourceReading } from "./source-deps.ts";

/** Most requests for one answer: Google's quotas refill every minute, and a reader has other things to do. */
const ATTEMPTS_MAX = 3;

/** Wait before the first retry; it doubles. @see https://developers.google.com/workspace/sheets/api/limits */
const RETRY_MS = 1_000;

/** Longest wait that a server may ask for by Retry-After. */
const RETRY_AFTER_MAX_MS = 10_000;

interface RepeatableRequest {
  readonly url: string;
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: URLSearchParams;
}

/** A request that may be repeated: again after 429 and 5xx, a few times. The last answer is returned. */
export async function patientRequest(
  source: ManifestSource,
  { url, ...init }: RepeatableRequest,
  { signal, retryMs = RETRY_MS }: SourceReading,
): Promise<Response> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await request(source, url, { ...init, signal });
    const isTemporary = answer.status === 429 || answer.status >= 500;
    if (!isTemporary || attempt === ATTEMPTS_MAX) return answer;
    await answer.body?.cancel();
    await wait(retryAfterMs(answer) ?? retryMs * 2 ** (attempt - 1), undefined, { signal });
  }
}

function retryAfterMs(answer: Response): number | undefined {
  const seconds = Number(answer.headers.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) ? Math.min(seconds * 1000, RETRY_AFTER_MAX_MS) : undefined;
}

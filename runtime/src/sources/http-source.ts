import type { ManifestSource } from "../contract/source.ts";
import { errorWords } from "../health/error-words.ts";
import { isTemporaryStatus, readRetryAfterMs, retry } from "../run/retry.ts";
import { jsonRows, SOURCE_BYTES_MAX } from "./file-source.ts";
import { type Row, SourceError, type SourceReading, sourceVariable } from "./source-reading.ts";

type HttpSource = Extract<ManifestSource, { kind: "http" }>;

/** Attempts per answer: Google's quotas refill every minute, and the reader's time is limited. */
const ATTEMPTS_MAX = 3;

/** Pause before the second attempt, in ms. @see https://developers.google.com/workspace/sheets/api/limits */
const RETRY_MS = 1_000;

/** Longest pause that a server may ask for by Retry-After, in ms. */
const RETRY_AFTER_MAX_MS = 10_000;

/** Rows of a JSON answer to GET. */
export async function readHttpRows(source: HttpSource, reading: SourceReading): Promise<Row[]> {
  const { env, signal } = reading;
  const token = source.tokenEnv && sourceVariable(source, source.tokenEnv, env);
  const url = source.urlEnv ? sourceVariable(source, source.urlEnv, env) : source.url;
  if (url === undefined) {
    throw new SourceError(source, "it has neither url nor urlEnv", "Set one of them.");
  }
  if (!URL.canParse(url)) throw new SourceError(source, "its URL is not valid", "Correct it.");
  const headers = new Headers({ accept: "application/json" });
  if (token) headers.set("authorization", `Bearer ${token}`);
  const response = await request(source, url, { signal, headers });
  if (!response.ok) throw new SourceError(source, `HTTP ${response.status}`);
  return jsonRows(source, await boundedText(source, response), "the answer");
}

/** A request whose error does not hold its URL. */
async function request(
  source: ManifestSource,
  url: string,
  init: RequestInit & { readonly signal: AbortSignal },
): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (init.signal.aborted) throw error;
    throw new SourceError(source, errorWords(error));
  }
}

/** The text of an answer up to the limit. */
export async function boundedText(source: ManifestSource, response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.byteLength;
    if (bytes > SOURCE_BYTES_MAX) {
      throw new SourceError(source, `the answer is larger than ${SOURCE_BYTES_MAX} bytes`);
    }
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** A request that is safe to repeat. */
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

/** Sends a request, and repeats it after 429 and 5xx. Returns the last answer. */
export async function requestWithRetry(
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
      retryAfterMs: (error) =>
        error instanceof TemporaryAnswer ? readRetryAfterMs(error.answer.headers) : undefined,
      onRetry: ({ error }) => {
        if (error instanceof TemporaryAnswer) void error.answer.body?.cancel();
      },
    });
  } catch (error) {
    if (error instanceof TemporaryAnswer) return error.answer;
    throw error;
  }
}

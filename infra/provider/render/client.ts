import { setTimeout as sleep } from "node:timers/promises";
import { isGone, type Json, memberAt, RenderError } from "./answer.ts";

/** One request may take this long before it counts as lost. Render's own answers take seconds at most. */
const REQUEST_TIMEOUT_MS = 60_000;

/** How often a request that may be repeated is sent, the first time included. */
const ATTEMPTS_MAX = 6;

/** The first wait between attempts; it doubles from there: 0.25, 0.5, 1, 2, 4 s. */
const BACKOFF_MS = 250;

/** The longest wait for a rate limit: Render's longest window is an hour. */
const RATE_LIMIT_WAIT_MAX_MS = 61 * 60_000;

/** Waits for rate limits in one request before it is given up. */
const RATE_LIMIT_WAITS_MAX = 5;

/** Render's largest page. */
const PAGE_SIZE = 100;

/** Pages of one list; at 100 a page, more than any workspace holds. */
const PAGES_MAX = 200;

export interface ClientOptions {
  readonly host: string;
  /** Asked for at the first call, so that a plan with no calls needs no key. */
  readonly apiKey: () => string;
}

export interface RenderRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly body?: Json;
  /** For messages: `create service "web"`. */
  readonly doing: string;
  readonly signal: AbortSignal;
}

export interface RenderResponse {
  readonly status: number;
  readonly body: Json;
}

/**
 * Render's API over HTTPS: limits, retries and pages.
 *
 * A 429 was not carried out, so any request is sent again when the limit allows it. After a 5xx or a
 * lost connection only requests that may be repeated are; a POST is reported as one that may have
 * been carried out, and the caller looks.
 */
export class RenderClient {
  readonly #options: ClientOptions;
  /** Lists shared by the reads of one run; any write empties it. */
  readonly #lists = new Map<string, Promise<readonly Json[]>>();

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  async request(request: RenderRequest): Promise<RenderResponse> {
    if (request.method !== "GET") this.#lists.clear();
    let waits = 0;
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#send(request);
      if ("status" in outcome && outcome.status < 400) return outcome;
      const error = failureOf(request, outcome);
      if (error.status === 429 && waits < RATE_LIMIT_WAITS_MAX) {
        waits++;
        attempt = 0;
        await sleep(rateLimitWaitMs(outcome), undefined, { signal: request.signal });
        continue;
      }
      const repeatable = error.maybeDone && request.method !== "POST";
      if (!repeatable || attempt >= ATTEMPTS_MAX) throw error;
      await sleep(BACKOFF_MS * 2 ** (attempt - 1), undefined, { signal: request.signal });
    }
  }

  /** Deletes what is at a path; what is gone already is success. */
  async delete(path: string, doing: string, signal: AbortSignal): Promise<void> {
    try {
      await this.request({ method: "DELETE", path, doing, signal });
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  /** Every page of a list, unwrapped from its envelopes. `noun` names the member, for example `service`. */
  async list(path: string, noun: string, signal: AbortSignal): Promise<readonly Json[]> {
    const items: Json[] = [];
    let cursor = "";
    for (let page = 0; page < PAGES_MAX; page++) {
      const joint = path.includes("?") ? "&" : "?";
      const { body } = await this.request({
        method: "GET",
        path: `${path}${joint}limit=${PAGE_SIZE}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
        doing: `list ${path.replace(/\?.*/, "")}`,
        signal,
      });
      if (!Array.isArray(body)) break;
      const entries = body as { cursor?: string; [noun: string]: Json | undefined }[];
      items.push(...entries.map((entry) => entry[noun] ?? null));
      cursor = entries.at(-1)?.cursor ?? "";
      if (entries.length < PAGE_SIZE || !cursor) break;
    }
    return items;
  }

  /** A list that the reads of one run share: asked for once, until something is written. */
  sharedList(path: string, noun: string, signal: AbortSignal): Promise<readonly Json[]> {
    const known = this.#lists.get(path);
    if (known) return known;
    const list = this.list(path, noun, signal);
    this.#lists.set(path, list);
    list.catch(() => this.#lists.delete(path));
    return list;
  }

  async #send(request: RenderRequest): Promise<Answer> {
    const { method, path, body, signal } = request;
    try {
      const response = await fetch(`${this.#options.host}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${this.#options.apiKey()}`,
          accept: "application/json",
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
      });
      return {
        status: response.status,
        body: parseBody(await response.text()),
        headers: response.headers,
      };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (!(error instanceof TypeError) && !(error instanceof DOMException)) throw error;
      return { lost: error };
    }
  }
}

type Answer = (RenderResponse & { readonly headers: Headers }) | { readonly lost: Error };

function failureOf(request: RenderRequest, answer: Answer): RenderError {
  if ("lost" in answer) {
    const reason =
      answer.lost.cause instanceof Error ? answer.lost.cause.message : answer.lost.message;
    return new RenderError(`Render: could not ${request.doing}: no answer (${reason}).`, {
      maybeDone: true,
      cause: answer.lost,
    });
  }
  const { status, body } = answer;
  const said = messageOf(body);
  return new RenderError(
    `Render: could not ${request.doing}: HTTP ${status}${said && `: ${said}`}`,
    {
      status,
      maybeDone: status >= 500,
    },
  );
}

function messageOf(body: Json): string {
  const message = memberAt(body, ["message"]);
  return typeof message === "string" ? message : "";
}

/** Retry-After, else Ratelimit-Reset: both in seconds. */
function rateLimitWaitMs(answer: Answer): number {
  const headers = "headers" in answer ? answer.headers : undefined;
  const seconds = Number(headers?.get("retry-after") ?? headers?.get("ratelimit-reset") ?? 1);
  return Math.min((Number.isFinite(seconds) ? seconds : 1) * 1000, RATE_LIMIT_WAIT_MAX_MS);
}

function parseBody(text: string): Json {
  if (text.trim() === "") return null;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

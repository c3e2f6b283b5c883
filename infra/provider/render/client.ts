import { setTimeout as sleep } from "node:timers/promises";
import { type Attempts, attemptsInMemory } from "./attempts.ts";
import { isGone, type Json, memberAt, RenderError } from "./answer.ts";

/** How often a request that may be repeated is sent, the first time included. */
const ATTEMPTS_MAX = 6;

/** The longest wait for a rate limit: Render's longest window is an hour. */
const RATE_LIMIT_WAIT_MAX_MS = 61 * 60_000;

/** Waits for rate limits in one request before it is given up. */
const RATE_LIMIT_WAITS_MAX = 5;

/** Render's largest page. */
const PAGE_SIZE = 100;

/** Pages of one list; at 100 a page, more than any workspace holds. */
const PAGES_MAX = 200;

/** How long the client waits, in milliseconds. A plugin takes Render's pace; tests against a cloud in their own process are faster. */
export interface Pace {
  /** One request may take this long before it counts as lost. */
  readonly requestTimeoutMs: number;
  /** The first wait between attempts; it doubles from there. */
  readonly backoffMs: number;
  /** The first wait between two looks at what takes time; each next one is longer. */
  readonly pollMs: number;
}

/** Render's own answers take seconds at most; attempts are 0.25, 0.5, 1, 2 and 4 s apart. */
const RENDER_PACE: Pace = { requestTimeoutMs: 60_000, backoffMs: 250, pollMs: 150 };

export interface ClientOptions {
  readonly host: string;
  /** Asked for at the first call, so that a plan with no calls needs no key. */
  readonly apiKey: () => string;
  /** In memory only when it is left out: for programs that create nothing. */
  readonly attempts?: Attempts;
  readonly pace?: Pace;
  /** What sends a request; the global one when it is left out. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

export interface RenderRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly body?: Json;
  /** For messages: `create service "web"`. */
  readonly doing: string;
  /** Carried out twice it does the same, so a lost POST is sent again. Other methods always do. */
  readonly isRepeatable?: boolean;
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
  readonly pace: Pace;
  /** The creates that this machine has begun. */
  readonly attempts: Attempts;
  /** Variables that a service itself has declared in this run, as `<service>/<key>`. */
  readonly declaredVariables = new Set<string>();
  readonly #options: ClientOptions;
  /** Lists shared by the reads of one run; any write empties it. */
  readonly #lists = new Map<string, Promise<readonly Json[]>>();
  #clock: Date | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.pace = options.pace ?? RENDER_PACE;
    this.attempts = options.attempts ?? attemptsInMemory();
  }

  /** The time at Render when it answered last, to the second; a clock of our own may be wrong by more than a create takes. */
  get clock(): Date {
    return this.#clock ?? new Date();
  }

  async request(request: RenderRequest): Promise<RenderResponse> {
    if (request.method === "GET") return this.#attempt(request);
    // A list that is asked for while a write is under way may show what was before it.
    this.#lists.clear();
    return this.#attempt(request).finally(() => this.#lists.clear());
  }

  async #attempt(request: RenderRequest): Promise<RenderResponse> {
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
      const isRepeatable = request.isRepeatable ?? request.method !== "POST";
      if (!error.maybeDone || !isRepeatable || attempt >= ATTEMPTS_MAX) throw error;
      const waitMs = this.pace.backoffMs * 2 ** (attempt - 1);
      await sleep(waitMs, undefined, { signal: request.signal });
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

  /**
   * Every page of a list, unwrapped from its envelopes. `noun` names the member, for example `service`.
   *
   * Without a noun the list is bare: Render's few bare lists tell no cursor, so the newest 100 are all there is.
   */
  async list(
    path: string,
    noun: string | undefined,
    signal: AbortSignal,
  ): Promise<readonly Json[]> {
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
      if (noun === undefined) return body as Json[];
      const entries = body as { cursor?: string; [noun: string]: Json | undefined }[];
      items.push(...entries.map((entry) => entry[noun] ?? null));
      cursor = entries.at(-1)?.cursor ?? "";
      if (entries.length < PAGE_SIZE || !cursor) break;
    }
    return items;
  }

  /**
   * A list that the reads of one run share: asked for once, until something is written.
   *
   * So a refresh of a stack costs, with S services, G env groups, D projects with an environment:
   *   1 for `/services` when S > 0, 1 for `/env-groups` when G > 0 or a service declares links,
   *   1 each for `/postgres`, `/key-value`, `/projects`, `/registrycredentials` in use, D for `/environments`,
   *   1 for each service and declared collection of env (late variables included), secretFiles, domains,
   *   headers and routes,
   *   1 for each env group that declares variables or files.
   * A list longer than a page of 100 costs one more for each further page. What is not in its list is
   * asked for by id: that is how a resource is found to be gone.
   */
  sharedList(
    path: string,
    noun: string | undefined,
    signal: AbortSignal,
  ): Promise<readonly Json[]> {
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
      const response = await (this.#options.fetch ?? fetch)(`${this.#options.host}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${this.#options.apiKey()}`,
          accept: "application/json",
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.any([signal, AbortSignal.timeout(this.pace.requestTimeoutMs)]),
      });
      const answeredAt = Date.parse(response.headers.get("date") ?? "");
      if (!Number.isNaN(answeredAt)) this.#clock = new Date(answeredAt);
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

import { setTimeout as sleep } from "node:timers/promises";
import { type CreateJournal, createJournalInMemory } from "./create-journal.ts";
import { type Answer, type Json, failureOf, isGone } from "./answer.ts";
import { type Pace, RENDER_PACE } from "./waiting.ts";
import { SharedLists, everyPage } from "./lists.ts";
import { RateBudgets, type RateNotice, rateNoticeOf } from "./rate-limit.ts";

/** Attempts of a request that may be repeated. */
const ATTEMPTS_MAX = 6;

/** Most waits for rate limits in one request. */
const RATE_LIMIT_WAITS_MAX = 5;

export interface ClientOptions {
  readonly host: string;
  /** Read at the first call, so that a preview without calls needs no key. */
  readonly apiKey: () => string;
  /** Without one it is kept in memory, for programs that create nothing. */
  readonly journal?: CreateJournal;
  /** Shared by all clients of a process; without one the client has its own. */
  readonly budgets?: RateBudgets;
  readonly pace?: Pace;
  /** Sends requests; the global fetch by default. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

export interface RenderRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly body?: Json;
  /** For messages: `create service "web"`. */
  readonly doing: string;
  /** The POST is idempotent, so a lost one is sent again. Other methods always are. */
  readonly isRepeatable?: boolean;
  readonly signal: AbortSignal;
}

export interface RenderResponse {
  readonly status: number;
  readonly body: Json;
}

/**
 * Render's API over HTTPS, with rate limits, retries and paging.
 *
 * A request is sent when the budget of its rate class allows it. A 429 was not executed, so any
 * request is repeated when the limit allows it. After a 5xx or a lost connection only idempotent
 * requests are repeated; another POST is reported as possibly executed, and the caller checks.
 */
export class RenderClient {
  readonly pace: Pace;
  /** The creates that this machine started. */
  readonly journal: CreateJournal;
  /** Variables that a service itself declares in this operation, as `<service>/<key>`. */
  readonly declaredVariables = new Set<string>();
  /** Projects that this stack creates in this operation; it only uses the others. */
  readonly ownProjects = new Set<string>();
  readonly #options: ClientOptions;
  readonly #budgets: RateBudgets;
  /** Lists shared by the reads of one operation; any write clears them. */
  readonly #lists = new SharedLists();
  #key: string | undefined;
  #clock: Date | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.pace = options.pace ?? RENDER_PACE;
    this.#budgets = options.budgets ?? new RateBudgets();
    this.journal = options.journal ?? createJournalInMemory();
  }

  /**
   * Render's time of its last answer, to the second, because our own clock may differ by more than
   * a create takes.
   */
  get clock(): Date {
    return this.#clock ?? new Date();
  }

  /** The API key once it was used; no message may show it. */
  get secrets(): readonly string[] {
    return this.#key === undefined ? [] : [this.#key];
  }

  async request(request: RenderRequest): Promise<RenderResponse> {
    if (request.method === "GET") return this.#attempt(request);
    // A list requested during a write may show the state before it.
    this.#lists.clear();
    return this.#attempt(request).finally(() => this.#lists.clear());
  }

  async #attempt(request: RenderRequest): Promise<RenderResponse> {
    let waits = 0;
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#sendInTurn(request);
      if ("status" in outcome && outcome.status < 400) return outcome;
      const error = failureOf(request.doing, outcome);
      if (error.status === 429 && waits < RATE_LIMIT_WAITS_MAX) {
        waits++;
        attempt = 0;
        continue;
      }
      const isRepeatable = request.isRepeatable ?? request.method !== "POST";
      if (!error.maybeDone || !isRepeatable || attempt >= ATTEMPTS_MAX) throw error;
      const waitMs = this.pace.backoffMs * 2 ** (attempt - 1);
      await sleep(waitMs, undefined, { signal: request.signal });
    }
  }

  /** Sends the request when its budget allows it, and updates the budget from the answer. */
  async #sendInTurn(request: RenderRequest): Promise<Answer> {
    const budget = this.#budgets.of(request.method, request.path);
    await budget.take(request);
    let notice: RateNotice | undefined;
    try {
      const answer = await this.#send(request);
      notice = rateNoticeOf(answer);
      return answer;
    } finally {
      budget.settle(notice);
    }
  }

  /** Deletes the resource at a path; a missing one is success. */
  async delete(path: string, doing: string, signal: AbortSignal): Promise<void> {
    try {
      await this.request({ method: "DELETE", path, doing, signal });
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  /** Reads all pages of a list without envelopes; see `everyPage`. */
  list(path: string, noun: string | undefined, signal: AbortSignal): Promise<readonly Json[]> {
    const doing = `list ${path.replace(/\?.*/, "")}`;
    return everyPage({
      path,
      noun,
      doing,
      ask: async (at) => (await this.request({ method: "GET", path: at, doing, signal })).body,
    });
  }

  /**
   * Reads a list that the reads of one operation share until a write.
   *
   * A resource that is missing in its list is read by id before it counts as deleted.
   *
   * @see REFRESH_CALLS in refresh-calls.ts for what a refresh costs
   */
  sharedList(
    path: string,
    noun: string | undefined,
    signal: AbortSignal,
  ): Promise<readonly Json[]> {
    return this.#lists.read(path, signal, () => this.list(path, noun, signal));
  }

  async #send(request: RenderRequest): Promise<Answer> {
    const { method, path, body, signal } = request;
    this.#key = this.#options.apiKey();
    try {
      const response = await (this.#options.fetch ?? fetch)(`${this.#options.host}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${this.#key}`,
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

function parseBody(text: string): Json {
  if (text.trim() === "") return null;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

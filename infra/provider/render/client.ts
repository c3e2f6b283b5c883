import { setTimeout as sleep } from "node:timers/promises";
import { type CreateJournal, createJournalInMemory } from "./create-journal.ts";
import { type Answer, type Json, failureOf, isGone } from "./answer.ts";
import { type Pace, RENDER_PACE } from "./waiting.ts";
import { SharedLists, everyPage } from "./lists.ts";
import { RateBudgets, type RateNotice, rateNoticeOf } from "./rate-limit.ts";

/** How often a request that may be repeated is sent, the first time included. */
const ATTEMPTS_MAX = 6;

/** Waits for rate limits in one request before it is given up. */
const RATE_LIMIT_WAITS_MAX = 5;

export interface ClientOptions {
  readonly host: string;
  /** Asked for at the first call, so that a plan with no calls needs no key. */
  readonly apiKey: () => string;
  /** In memory only when it is left out: for programs that create nothing. */
  readonly journal?: CreateJournal;
  /** Shared by all clients of a process; its own when it is left out. */
  readonly budgets?: RateBudgets;
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
 * A request is sent when the budget of its class has room. A 429 was not carried out, so any request
 * is sent again when the limit allows it. After a 5xx or a lost connection only requests that may be
 * repeated are; a POST is reported as one that may have been carried out, and the caller looks.
 */
export class RenderClient {
  readonly pace: Pace;
  /** The creates that this machine has begun. */
  readonly journal: CreateJournal;
  /** Variables that a service itself declares in this run, as `<service>/<key>`. */
  readonly declaredVariables = new Set<string>();
  /** Projects that this stack makes, as this run declares them: the others are only used. */
  readonly ownProjects = new Set<string>();
  readonly #options: ClientOptions;
  readonly #budgets: RateBudgets;
  /** Lists shared by the reads of one run; any write empties it. */
  readonly #lists = new SharedLists();
  #key: string | undefined;
  #clock: Date | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.pace = options.pace ?? RENDER_PACE;
    this.#budgets = options.budgets ?? new RateBudgets();
    this.journal = options.journal ?? createJournalInMemory();
  }

  /** The time at Render when it answered last, to the second; a clock of our own may be wrong by more than a create takes. */
  get clock(): Date {
    return this.#clock ?? new Date();
  }

  /** What no message may show: the API key, once it has been used. */
  get secrets(): readonly string[] {
    return this.#key === undefined ? [] : [this.#key];
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

  /** Sends it when its class's budget has room, and tells the budget what the answer says of it. */
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

  /** Deletes what is at a path; what is gone already is success. */
  async delete(path: string, doing: string, signal: AbortSignal): Promise<void> {
    try {
      await this.request({ method: "DELETE", path, doing, signal });
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  /** Every page of a list, unwrapped from its envelopes; see `everyPage`. */
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
   * A list that the reads of one run share: asked for once, until something is written.
   *
   * What is not in its list is asked for by id: that is how a resource is found to be gone.
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

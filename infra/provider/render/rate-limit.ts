import { type Answer, RenderError } from "./answer.ts";
import { type Clock, SYSTEM_CLOCK, inWords, untilSettled } from "./waiting.ts";

/**
 * The part of the limit that may be in flight before an answer reports the rest of the window.
 * Others may have used the rest, and each call above it is a 429.
 */
const UNTOLD_PART = 0.1;

/** Two windows of a class start at least half a window apart, despite rounding. */
const SAME_WINDOW_PART = 0.5;

/** Most windows that one call waits for. Each allows a whole budget, unless others use it. */
const WINDOWS_MAX = 24;

/** Shorter waits are not logged. */
const SAID_FROM_MS = 1000;

/** A waiting call. */
interface Taker {
  /** For messages: `create service "web"`. */
  readonly doing: string;
  readonly signal: AbortSignal;
}

/** Options of a budget. */
export interface BudgetOptions {
  readonly clock: Clock;
  /** Logs that calls wait, once per window. */
  readonly say: (message: string) => void;
}

/**
 * The remaining calls of one class, shared by all work of this process.
 *
 * It counts by itself until an answer reports the rest, which then counts, because others use the
 * same budget. Calls in flight are subtracted, because the answer may not include them.
 */
export class RateBudget {
  readonly #class: RateClass;
  readonly #options: BudgetOptions;
  #limit: number;
  #left = 0;
  #endsAtMs = 0;
  /** Whether an answer reported the rest of this window. */
  #isTold = false;
  #underWay = 0;
  #answered = Promise.withResolvers<void>();
  #saidOfMs = 0;

  constructor(rateClass: RateClass, options: BudgetOptions) {
    this.#class = rateClass;
    this.#options = options;
    this.#limit = rateClass.limit;
  }

  /** Waits until a call may be sent, and counts it. Call `settle` once for each. */
  async take(taker: Taker): Promise<void> {
    for (let windows = 0; ;) {
      this.#openWindow();
      if (this.#free() > 0) break;
      if (this.#underWay > 0) {
        await untilSettled(this.#answered.promise, taker.signal);
        continue;
      }
      if (++windows > WINDOWS_MAX) throw this.#failure(taker, "other clients use all of it");
      await this.#waitForWindow(taker);
    }
    this.#underWay++;
  }

  /** Ends a call: answered, or lost and possibly counted. */
  settle(notice: RateNotice | undefined): void {
    this.#underWay--;
    if (notice) this.#believe(notice);
    else this.#left--;
    this.#answered.resolve();
    this.#answered = Promise.withResolvers();
  }

  #openWindow(): void {
    const now = this.#options.clock.now();
    if (now < this.#endsAtMs) return;
    this.#left = this.#limit;
    this.#endsAtMs = now + this.#class.windowMs;
    this.#isTold = false;
  }

  #free(): number {
    const most = this.#isTold ? this.#left : Math.ceil(this.#limit * UNTOLD_PART);
    return Math.min(this.#left, most) - this.#underWay;
  }

  #believe({ limit = this.#limit, left, resetMs, isRefusal }: RateNotice): void {
    const endsAtMs = this.#options.clock.now() + resetMs;
    const isSameWindow =
      this.#isTold && endsAtMs < this.#endsAtMs + this.#class.windowMs * SAME_WINDOW_PART;
    this.#limit = limit;
    // Answers may arrive out of order; within a window the smaller rest is newer.
    const isOlder = isSameWindow && !isRefusal && left > this.#left;
    this.#left = isOlder ? this.#left : left;
    this.#endsAtMs = isSameWindow && !isRefusal ? Math.max(endsAtMs, this.#endsAtMs) : endsAtMs;
    this.#isTold = true;
  }

  async #waitForWindow(taker: Taker): Promise<void> {
    const { clock, say } = this.#options;
    const endsAtMs = this.#endsAtMs;
    const waitMs = endsAtMs - clock.now();
    if (waitMs >= SAID_FROM_MS && this.#saidOfMs !== endsAtMs) {
      this.#saidOfMs = endsAtMs;
      say(`waiting ${inWords(waitMs)} for Render's rate limit of ${this.#words()}`);
    }
    try {
      await clock.waitUntil(endsAtMs, taker.signal);
    } catch (error) {
      const isLate = error instanceof DOMException && error.name === "TimeoutError";
      throw isLate ? this.#failure(taker, `its deadline is ${inWords(waitMs)} too early`) : error;
    }
  }

  #words(): string {
    return `${this.#limit} calls in ${inWords(this.#class.windowMs)} that ${this.#class.what}`;
  }

  #failure({ doing }: Taker, why: string): RenderError {
    return new RenderError(
      `Render: could not ${doing}: it waits for the rate limit of ${this.#words()}, and ${why}. ` +
        `Run opspec up again later.`,
      { maybeDone: false },
    );
  }
}

/** The budgets of all classes, one object per process. */
export class RateBudgets {
  readonly #options: BudgetOptions;
  readonly #budgets = new Map<RateClass, RateBudget>();

  constructor({ clock = SYSTEM_CLOCK, say = () => undefined }: Partial<BudgetOptions> = {}) {
    this.#options = { clock, say };
  }

  /** The budget of a call; `path` may contain a query. */
  of(method: string, path: string): RateBudget {
    const rateClass = rateClassOf(method, path.replace(/\?.*/, ""));
    const budget = this.#budgets.get(rateClass) ?? new RateBudget(rateClass, this.#options);
    this.#budgets.set(rateClass, budget);
    return budget;
  }
}

/** A rate class: calls that share one of Render's budgets. */
export interface RateClass {
  /** The calls' purpose, for messages: `20 calls an hour that …`. */
  readonly what: string;
  /** Matches `METHOD /path`. */
  readonly calls: RegExp;
  /** Calls per window; an answer may report another limit. */
  readonly limit: number;
  readonly windowMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Calls that build or restart a service, which Render counts together. */
const SERVICE_CALLS =
  /^(?:PATCH \/services\/[^/]+|POST \/services\/[^/]+\/(?:deploys|scale|suspend|resume))$/;

/**
 * Render's rate classes, the most specific first.
 *
 * The classes are documented. The limits and windows come from the `Ratelimit-Limit` and the
 * longest `Ratelimit-Reset` headers of recorded traffic where they differ from the documentation;
 * answers override them. Limits per service are treated as limits per account; answers then report
 * that little of them is used.
 *
 * @see https://api-docs.render.com/reference/rate-limiting
 */
const RATE_CLASSES: readonly RateClass[] = [
  {
    what: "create a service or a datastore",
    calls: /^POST \/(?:services|postgres|key-value|redis)$/,
    limit: 20,
    windowMs: HOUR_MS,
  },
  {
    what: "add a domain",
    calls: /^POST \/services\/[^/]+\/custom-domains$/,
    limit: 50,
    windowMs: HOUR_MS,
  },
  { what: "change or deploy a service", calls: SERVICE_CALLS, limit: 10, windowMs: MINUTE_MS },
  { what: "read", calls: /^GET /, limit: 400, windowMs: MINUTE_MS },
  { what: "write", calls: /^/, limit: 100, windowMs: MINUTE_MS },
];

/** The class of a call; `path` has no query. */
function rateClassOf(method: string, path: string): RateClass {
  const found = RATE_CLASSES.find(({ calls }) => calls.test(`${method} ${path}`));
  if (!found) throw new Error(`unreachable: no rate class for ${method} ${path}`);
  return found;
}

/** The budget that an answer reports. */
export interface RateNotice {
  /** Calls per window; some accounts have more. */
  readonly limit?: number;
  /** Remaining calls in this window. */
  readonly left: number;
  /** Milliseconds until the next window. */
  readonly resetMs: number;
  /** The call exceeded the limit and was not executed. */
  readonly isRefusal: boolean;
}

/** Render reports whole seconds, so a window may last almost one second longer. */
const RESET_STEP_MS = 1000;

/** The longest wait for a rate limit; Render's longest window is an hour. */
const RESET_MAX_MS = 61 * 60_000;

/** Wait after a 429 without a time. */
const UNTOLD_WAIT_MS = 1000;

/** Reads the headers of an answer; `undefined` without an answer or without these headers. */
export function rateNoticeOf(answer: Answer): RateNotice | undefined {
  if ("lost" in answer) return undefined;
  const { headers, status } = answer;
  const reset = numberIn(headers, "ratelimit-reset");
  const resetMs = reset === undefined ? UNTOLD_WAIT_MS : reset * 1000 + RESET_STEP_MS;
  if (status === 429) {
    const retryAfter = numberIn(headers, "retry-after");
    const waitMs = retryAfter === undefined ? resetMs : retryAfter * 1000;
    return { left: 0, resetMs: Math.min(waitMs, RESET_MAX_MS), isRefusal: true };
  }
  const left = numberIn(headers, "ratelimit-remaining");
  if (left === undefined || reset === undefined) return undefined;
  const limit = numberIn(headers, "ratelimit-limit");
  return {
    left,
    resetMs: Math.min(resetMs, RESET_MAX_MS),
    isRefusal: false,
    ...(limit !== undefined && { limit }),
  };
}

function numberIn(headers: Headers, name: string): number | undefined {
  const text = headers.get(name);
  const value = text === null ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : undefined;
}

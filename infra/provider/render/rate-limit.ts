import { type Answer, RenderError } from "./answer.ts";
import { type Clock, SYSTEM_CLOCK, inWords, untilSettled } from "./waiting.ts";

/**
 * Until an answer has told what is left of a window, this part of the limit may be under way at once:
 * somebody else may have spent the rest, and each call that finds out is a 429.
 */
const UNTOLD_PART = 0.1;

/** Two windows of one class begin at least half a window apart, whatever the answers round. */
const SAME_WINDOW_PART = 0.5;

/** Windows that one call waits for. Each lets a whole budget through, unless others always spend it. */
const WINDOWS_MAX = 24;

/** A wait below this is not worth a line. */
const SAID_FROM_MS = 1000;

/** A call that waits for its turn. */
interface Taker {
  /** For messages: `create service "web"`. */
  readonly doing: string;
  readonly signal: AbortSignal;
}

/** What a budget needs besides its class. */
export interface BudgetSurroundings {
  readonly clock: Clock;
  /** Says that calls wait, once for each window. */
  readonly say: (message: string) => void;
}

/**
 * How many calls of one class may still be sent, shared by everything that this process works on.
 *
 * It counts for itself until an answer says what is left; then that counts, because others spend of
 * the same budget. Calls under way are taken off what an answer said: it may not have counted them.
 */
export class RateBudget {
  readonly #class: RateClass;
  readonly #around: BudgetSurroundings;
  #limit: number;
  #left = 0;
  #endsAtMs = 0;
  /** Has an answer told what is left of this window? */
  #isTold = false;
  #underWay = 0;
  #answered = Promise.withResolvers<void>();
  #saidOfMs = 0;

  constructor(rateClass: RateClass, around: BudgetSurroundings) {
    this.#class = rateClass;
    this.#around = around;
    this.#limit = rateClass.limit;
  }

  /** Waits until a call may be sent, and counts it. Each must be followed by one `settle`. */
  async take(taker: Taker): Promise<void> {
    for (let windows = 0; ;) {
      this.#openWindow();
      if (this.#free() > 0) break;
      if (this.#underWay > 0) {
        await untilSettled(this.#answered.promise, taker.signal);
        continue;
      }
      if (++windows > WINDOWS_MAX) throw this.#failure(taker, "others spend it all");
      await this.#waitForWindow(taker);
    }
    this.#underWay++;
  }

  /** The call was answered, or lost: then it may have been counted. */
  settle(notice: RateNotice | undefined): void {
    this.#underWay--;
    if (notice) this.#believe(notice);
    else this.#left--;
    this.#answered.resolve();
    this.#answered = Promise.withResolvers();
  }

  #openWindow(): void {
    const now = this.#around.clock.now();
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
    const endsAtMs = this.#around.clock.now() + resetMs;
    const isSameWindow =
      this.#isTold && endsAtMs < this.#endsAtMs + this.#class.windowMs * SAME_WINDOW_PART;
    this.#limit = limit;
    // Answers overtake each other: within a window, the one that leaves less is the newer one.
    const isOlder = isSameWindow && !isRefusal && left > this.#left;
    this.#left = isOlder ? this.#left : left;
    this.#endsAtMs = isSameWindow && !isRefusal ? Math.max(endsAtMs, this.#endsAtMs) : endsAtMs;
    this.#isTold = true;
  }

  async #waitForWindow(taker: Taker): Promise<void> {
    const { clock, say } = this.#around;
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
      throw isLate ? this.#failure(taker, `its time is up ${inWords(waitMs)} too early`) : error;
    }
  }

  #words(): string {
    return `${this.#limit} calls in ${inWords(this.#class.windowMs)} that ${this.#class.what}`;
  }

  #failure({ doing }: Taker, why: string): RenderError {
    return new RenderError(
      `Render: could not ${doing}: it waits for the rate limit of ${this.#words()}, and ${why}. ` +
        `Run up again when there is room.`,
      { maybeDone: false },
    );
  }
}

/** The budgets of all classes. One of these serves a whole process: Render counts its calls together. */
export class RateBudgets {
  readonly #around: BudgetSurroundings;
  readonly #budgets = new Map<RateClass, RateBudget>();

  constructor({ clock = SYSTEM_CLOCK, say = () => undefined }: Partial<BudgetSurroundings> = {}) {
    this.#around = { clock, say };
  }

  /** The budget of a call; `path` may have a query. */
  of(method: string, path: string): RateBudget {
    const rateClass = rateClassOf(method, path.replace(/\?.*/, ""));
    const budget = this.#budgets.get(rateClass) ?? new RateBudget(rateClass, this.#around);
    this.#budgets.set(rateClass, budget);
    return budget;
  }
}

/** Calls that share one of Render's budgets. */
export interface RateClass {
  /** What the calls do, for messages: `20 calls an hour that …`. */
  readonly what: string;
  /** Matches `METHOD /path`. */
  readonly calls: RegExp;
  /** Calls in one window; an answer may say another number. */
  readonly limit: number;
  readonly windowMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Calls on one service of which Render counts together what builds or restarts it. */
const SERVICE_CALLS =
  /^(?:PATCH \/services\/[^/]+|POST \/services\/[^/]+\/(?:deploys|scale|suspend|resume))$/;

/**
 * Render's budgets, the most special first.
 *
 * Which calls share one is documented. The limits and windows are those of the `Ratelimit-Limit` and
 * the longest `Ratelimit-Reset` headers in recorded traffic, where they are other than documented;
 * what an answer says counts for more. What Render counts for each service is taken for the account's
 * here: the answers then say that hardly any of it is spent.
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

/** The class of a call. `path` is without the query. */
function rateClassOf(method: string, path: string): RateClass {
  const found = RATE_CLASSES.find(({ calls }) => calls.test(`${method} ${path}`));
  if (!found) throw new Error(`unreachable: no rate class for ${method} ${path}`);
  return found;
}

/** What an answer says of its class's budget. */
export interface RateNotice {
  /** Calls in one window; some accounts have more. */
  readonly limit?: number;
  /** Calls that are left in this window. */
  readonly left: number;
  /** Until the next window begins. */
  readonly resetMs: number;
  /** The call was one too many and was not carried out. */
  readonly isRefusal: boolean;
}

/** Render tells whole seconds, so a window may last nearly one longer than it says. */
const RESET_STEP_MS = 1000;

/** The longest wait for a rate limit: Render's longest window is an hour. */
const RESET_MAX_MS = 61 * 60_000;

/** After a 429 that says nothing of when to come back. */
const UNTOLD_WAIT_MS = 1000;

/** What an answer's headers say; `undefined` where there is no answer, or none of it. */
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

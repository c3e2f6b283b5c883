import { RenderError } from "./answer.ts";
import type { RateClass } from "./rate-classes.ts";
import type { RateNotice } from "./rate-notice.ts";
import { inWords } from "./time-limit.ts";
import { type Clock, untilSettled } from "./clock.ts";

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

import { SYSTEM_CLOCK } from "./clock.ts";
import { type BudgetSurroundings, RateBudget } from "./rate-budget.ts";
import { type RateClass, rateClassOf } from "./rate-classes.ts";

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

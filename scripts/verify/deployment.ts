import type { StackModel } from "../../infra/model/stack-model.ts";
import type { ObservedStack } from "./observed.ts";

/** A stack as it should be and as it is. */
export interface Deployment {
  readonly model: StackModel;
  readonly observed: ObservedStack;
  /** Names of secrets that may be unset: whoever uses them goes without. */
  readonly optional: ReadonlySet<string>;
}

/** A stack to be compared. */
export function deploymentOf(model: StackModel, observed: ObservedStack): Deployment {
  const optional = model.secrets.filter(
    (it) => it.required !== true && it.generateBytes === undefined,
  );
  return { model, observed, optional: new Set(optional.map((it) => it.name)) };
}

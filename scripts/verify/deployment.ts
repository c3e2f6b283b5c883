import type { StackModel } from "../../infra/model/stack-model.ts";
import type { ObservedStack } from "./observed.ts";

/** A stack's model and what exists of it. */
export interface Deployment {
  readonly model: StackModel;
  readonly observed: ObservedStack;
  /** Names of secrets that may be unset; their users get no value. */
  readonly optional: ReadonlySet<string>;
}

/** A stack to verify. */
export function deploymentOf(model: StackModel, observed: ObservedStack): Deployment {
  const optional = model.secrets.filter(
    (it) => it.required !== true && it.generateBytes === undefined,
  );
  return { model, observed, optional: new Set(optional.map((it) => it.name)) };
}

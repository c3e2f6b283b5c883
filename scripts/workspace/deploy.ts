import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { liftConsentedProtection, resourcesOf } from "./data-consent.ts";
import { carryOut, type Outcome } from "./operation.ts";
import { clearPendingCreates } from "./pending-creates.ts";
import { planChanges } from "./plan.ts";

/**
 * Refreshes the state, then deploys.
 *
 * A stack that exists is planned first, so that nothing is created when any part of the plan is
 * refused.
 */
export async function deployChanges(
  stack: Stack,
  { refresh }: { readonly refresh: boolean },
  log: (line: string) => void,
): Promise<Outcome> {
  if ((await resourcesOf(stack)).length > 0) {
    await liftConsentedProtection(stack);
    const refreshed = refresh && (await carryOut((options) => stack.refresh(options), quiet));
    if (refreshed && refreshed.failure !== undefined) return nothing(refreshed);
    const plan = await planChanges(stack, quiet);
    if (plan.failure !== undefined) return nothing(plan);
  }
  const outcome = await carryOut((options) => stack.up(options), log);
  if (outcome.failure === undefined) await clearPendingCreates(stack, log);
  return outcome;
}

/** The outcome of a deploy that a refresh or a plan prevented. */
function nothing({ failure }: Outcome): Outcome {
  return { changes: 0, steps: [], ...(failure !== undefined && { failure }) };
}

/** Discards the lines of the refresh and the plan, because the deploy repeats them. */
function quiet(): void {}

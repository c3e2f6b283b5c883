import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { UsageError } from "../../infra/errors.ts";
import { parseUrn } from "../../infra/resources/urn.ts";
import { loadStack } from "../../infra/stack.ts";
import {
  consentingToDataLoss,
  dataAtRisk,
  liftConsentedProtection,
  renderAtRisk,
  type StateResource,
} from "../workspace/data-consent.ts";
import { carryOut } from "../workspace/operation.ts";
import { type Command, stackOf, stackOptions } from "./command.ts";
import { reportOutcome } from "./outcome.ts";

/** Deletes everything that the stack created. Resources that hold data need consent. */
export const destroy: Command = {
  name: "destroy",
  takesStack: true,
  usage: "<stack> [--local] [--json] [--allow-data-loss]",
  summary:
    "Delete everything that the stack created. Resources that hold data need --allow-data-loss.",
  options: { ...stackOptions, "allow-data-loss": { type: "boolean" } },
  run: (invocation) =>
    reportOutcome(destroy, invocation, {
      changes: true,
      run: async ({ stack }, log) => {
        const run = () => carryOut((options) => stack.destroy(options), log);
        if (invocation.flags["allow-data-loss"]) return consentingToDataLoss(stack, run);
        const atRisk = await dataAtRisk(stack);
        if (atRisk.length === 0) {
          await liftConsentedProtection(stack);
          return run();
        }
        refuseDataLoss(stack, atRisk, consentingKeys(stackOf(destroy, invocation)));
        return consentingToDataLoss(stack, run);
      },
    }),
};

/** The keys for which the spec consents now, even if no `up` has saved that. */
function consentingKeys(stackName: string): ReadonlySet<string> {
  const { services, databases, keyValues } = loadStack(stackName).model;
  const consenting = [...services, ...databases, ...keyValues].filter((it) => it.allowDataLoss);
  return new Set(consenting.map((it) => it.key));
}

/** @throws UsageError that names the data, unless the spec consents to all of it */
function refuseDataLoss(
  { name }: Stack,
  atRisk: readonly StateResource[],
  consenting: ReadonlySet<string>,
): void {
  const lost = atRisk.filter((it) => !consenting.has(parseUrn(it.urn).name)).map(renderAtRisk);
  if (lost.length === 0) return;
  throw new UsageError(
    `opspec destroy: ${name} would lose data, so nothing was deleted:\n` +
      `${lost.map((it) => `  ${it}\n`).join("")}` +
      `Take a backup, then run it again with --allow-data-loss.`,
  );
}

import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { UsageError } from "../../infra/errors.ts";
import { consentingToDataLoss, dataAtRisk } from "../workspace/data-consent.ts";
import { type Command, stackOptions } from "./command.ts";
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
    reportOutcome(destroy, invocation, async ({ stack }, options) => {
      const run = () => stack.destroy(options);
      if (invocation.flags["allow-data-loss"]) return consentingToDataLoss(stack, run);
      // The check is made here too, because the plugin could refuse only after dependents were
      // deleted.
      await refuseDataLoss(stack);
      return run();
    }),
};

async function refuseDataLoss(stack: Stack): Promise<void> {
  const lost = await dataAtRisk(stack);
  if (lost.length === 0) return;
  throw new UsageError(
    `opspec destroy: ${stack.name} would lose data, so nothing was deleted:\n` +
      `${lost.map((it) => `  ${it}\n`).join("")}` +
      `Take a backup, then run it again with --allow-data-loss.`,
  );
}

import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { UsageError } from "../../infra/errors.ts";
import { consentingToDataLoss, dataAtRisk } from "../workspace/data-consent.ts";
import { type Command, stackOptions } from "./command.ts";
import { reportOutcome } from "./outcome.ts";

/** Takes everything of the stack away; what keeps data only with consent. */
export const destroy: Command = {
  name: "destroy",
  takesStack: true,
  usage: "<stack> [--local] [--json] [--allow-data-loss]",
  summary: "Take away everything that the stack made; --allow-data-loss also what keeps data.",
  options: { ...stackOptions, "allow-data-loss": { type: "boolean" } },
  run: (invocation) =>
    reportOutcome(destroy, invocation, async ({ stack }, options) => {
      const run = () => stack.destroy(options);
      if (invocation.flags["allow-data-loss"]) return consentingToDataLoss(stack, run);
      // Asked here too: the plugin would refuse only after what depends on the data has gone.
      await refuseDataLoss(stack);
      return run();
    }),
};

async function refuseDataLoss(stack: Stack): Promise<void> {
  const lost = await dataAtRisk(stack);
  if (lost.length === 0) return;
  throw new UsageError(
    `opspec destroy: ${stack.name} keeps data that would be lost, and nothing was deleted:\n` +
      `${lost.map((it) => `  ${it}\n`).join("")}` +
      `Take a backup, then consent with --allow-data-loss.`,
  );
}

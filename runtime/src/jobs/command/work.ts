import { configurationError } from "../../contract/configuration-error.ts";
import { runAppCommand } from "../app-command.ts";
import { dryRunOutcome, type JobContext, type JobOutcome } from "../definition.ts";
import { commandJob } from "./options.ts";

/** Runs a command of the app. */
export async function work(context: JobContext): Promise<JobOutcome> {
  const { command, cwd } = commandJob.options.parse(context.options);
  if (command === undefined) {
    const where = `jobs/${context.job}/command`;
    throw configurationError(where, "is missing.", "Write the command to run.");
  }
  if (context.dryRun) return dryRunOutcome({ wouldRun: command });
  await runAppCommand(context, { command, cwd });
  return { status: "ok", details: {}, exitCode: 0 };
}

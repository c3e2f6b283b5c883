import { ConfigurationError } from "../../contract/configuration-error.ts";
import { runAppCommand } from "../app-command.ts";
import type { JobContext, JobOutcome } from "../definition.ts";
import { commandJob } from "./options.ts";

/** Runs a command of the app. */
export async function work(context: JobContext): Promise<JobOutcome> {
  const { command, cwd } = commandJob.options.parse(context.options);
  if (command === undefined) {
    const where = `jobs/${context.job}/command`;
    const remedy = "Write the command to run.";
    throw new ConfigurationError([{ where, message: "is missing.", remedy }]);
  }
  if (context.dryRun) return { status: "skipped", details: { dryRun: true, wouldRun: command } };
  await runAppCommand(context, { command, cwd });
  return { status: "ok", details: {}, exitCode: 0 };
}

import type { JobContext, JobOutcome } from "../definition.ts";
import { ConfigurationError } from "../../contract/configuration-error.ts";
import { runAppCommand } from "./app-command.ts";
import { commandJob } from "./options.ts";

/** Runs a command of the app's own. */
export async function work(context: JobContext): Promise<JobOutcome> {
  const { command, cwd } = commandJob.options.parse(context.options);
  if (command === undefined) throw missingCommand(context.job);
  if (context.dryRun) return { status: "skipped", details: { dryRun: true, wouldRun: command } };
  await runAppCommand(context, { command, cwd });
  return { status: "ok", details: {}, exitCode: 0 };
}

function missingCommand(job: string): ConfigurationError {
  return new ConfigurationError([
    { where: `jobs/${job}/command`, message: "is missing.", remedy: "Say what is run." },
  ]);
}

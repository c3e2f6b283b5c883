import { resolve } from "node:path";
import { startChild } from "../../child/child.ts";
import { type JobContext, JobFailure, type JobOutcome } from "../../job-definition.ts";
import { ConfigurationError } from "../../settings/configuration-error.ts";
import { commandJob } from "./options.ts";

/** Runs a command of the app's own by a shell, in a process group that ends with the run. */
export async function runCommand(context: JobContext): Promise<JobOutcome> {
  const { command, cwd } = commandJob.options.parse(context.options);
  if (command === undefined) throw missingCommand(context.job);
  if (context.dryRun) return { status: "skipped", details: { dryRun: true, wouldRun: command } };
  const child = startChild({
    command,
    cwd: resolve(context.directory, cwd ?? "."),
    env: { ...(context.childEnv ?? context.env), ...runVariables(context) },
    log: context.log,
    graceMs: context.graceMs,
    signal: context.signal,
  });
  const { exitCode, signal, tail } = await child.ended;
  if (exitCode === 0) return { status: "ok", details: {}, exitCode };
  const lastLine = tail.split("\n").at(-1) ?? "";
  const how = signal === null ? `ended with ${exitCode}` : `was ended by ${signal}`;
  throw new JobFailure(`the command ${how}${lastLine === "" ? "" : `: ${lastLine}`}`, {
    ...(exitCode === null ? {} : { exitCode }),
    details: { tail },
  });
}

function missingCommand(job: string): ConfigurationError {
  return new ConfigurationError([
    { where: `jobs/${job}/command`, message: "is missing.", remedy: "Say what is run." },
  ]);
}

/** What a command may want to know of its run, for its own logs and keys. */
function runVariables(context: JobContext): Readonly<Record<string, string>> {
  return {
    OPSPEC_JOB: context.job,
    OPSPEC_RUN_ID: context.runId,
    OPSPEC_SCHEDULED_FOR: context.scheduledFor.toISOString(),
    OPSPEC_ATTEMPT: String(context.attempt),
    OPSPEC_ACTOR: context.actor,
  };
}

import { statSync } from "node:fs";
import { resolve } from "node:path";
import { startChild } from "../../run/child/child.ts";
import { type JobContext, JobFailure } from "../definition.ts";
import { ConfigurationError } from "../../contract/configuration-error.ts";
import type { Env } from "../../contract/env.ts";

/** A command of the app's own, and where it is run. */
export interface AppCommand {
  readonly command: string;
  /** Relative to the app's directory; that itself without it. */
  readonly cwd?: string | undefined;
  /** Besides the app's environment. */
  readonly env?: Env;
}

/** Runs it by a shell, in a process group that ends with the run. The last part of what it wrote. */
export async function runAppCommand(
  context: JobContext,
  { command, cwd, env }: AppCommand,
): Promise<string> {
  const folder = resolve(context.directory, cwd ?? ".");
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw noFolder(context, cwd);
  const child = startChild({
    command,
    cwd: folder,
    env: { ...(context.childEnv ?? context.env), ...runVariables(context), ...env },
    log: context.log,
    graceMs: context.graceMs,
    signal: context.signal,
  });
  const { exitCode, signal, tail } = await child.ended;
  if (exitCode === 0) return tail;
  const lastLine = tail.split("\n").at(-1) ?? "";
  const how = signal === null ? `ended with ${exitCode}` : `was ended by ${signal}`;
  throw new JobFailure(`the command ${how}${lastLine === "" ? "" : `: ${lastLine}`}`, {
    ...(exitCode === null ? {} : { exitCode }),
    details: { tail },
  });
}

/** Said before the shell is: of a directory that is missing it only says that it could not be started. */
function noFolder({ job, directory }: JobContext, cwd = directory): ConfigurationError {
  const message = `there is no directory ${cwd}.`;
  const remedy = "Name one of the app's, relative to its own.";
  return new ConfigurationError([{ where: `jobs/${job}/options/cwd`, message, remedy }]);
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

import { statSync } from "node:fs";
import { resolve } from "node:path";
import { configurationError } from "../contract/configuration-error.ts";
import type { Env } from "../contract/env.ts";
import { startChild } from "../run/child.ts";
import { type JobContext, JobFailure } from "./definition.ts";

/** A command of the app. */
export interface AppCommand {
  readonly command: string;
  /** Working directory, relative to the app's directory. Default: the app's directory. */
  readonly cwd?: string | undefined;
  /** Added to the app's environment. */
  readonly env?: Env;
}

/**
 * Runs the command with a shell, in a process group that ends with the run. Returns the last part of
 * its output.
 */
export async function runAppCommand(
  context: JobContext,
  { command, cwd, env }: AppCommand,
): Promise<string> {
  const folder = resolve(context.directory, cwd ?? ".");
  // Checked first: the shell would only report that it could not be started.
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    const message = `there is no directory ${cwd ?? context.directory}.`;
    const remedy = "Write a path relative to the app's directory.";
    throw configurationError(`jobs/${context.job}/options/cwd`, message, remedy);
  }
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
  const message = `the command ${how}${lastLine === "" ? "" : `: ${lastLine}`}`;
  throw new JobFailure(message, { exitCode: exitCode ?? undefined, details: { tail } });
}

/** Describes the run to the command, for example for its logs and idempotency keys. */
function runVariables(context: JobContext): Readonly<Record<string, string>> {
  return {
    OPSPEC_JOB: context.job,
    OPSPEC_RUN_ID: context.runId,
    OPSPEC_SCHEDULED_FOR: context.scheduledFor.toISOString(),
    OPSPEC_ATTEMPT: String(context.attempt),
    OPSPEC_ACTOR: context.actor,
  };
}

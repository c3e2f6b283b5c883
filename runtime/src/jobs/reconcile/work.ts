import { type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import { runAppCommand } from "../command/app-command.ts";
import { reconcileJob } from "./options.ts";

/** The app's own default of WEBHOOK_REPLAY_LIMIT. */
const LIMIT = 20;

/** Where a command finds the limit, whatever the app calls it. */
const LIMIT_VARIABLE = "OPSPEC_LIMIT";

/**
 * Runs the app's command with the limit. What it could not do of single entries stands in its
 * result and fails nothing; only a command that could not work at all ends with another code than 0.
 */
export async function work(context: JobContext): Promise<JobOutcome> {
  const { command, cwd, limitEnv, ...options } = reconcileJob.options.parse(context.options);
  const input = reconcileJob.input.parse(context.input);
  const limit = input.limit ?? options.limit ?? LIMIT;
  if (context.dryRun) {
    return { status: "skipped", details: { dryRun: true, wouldRun: command, limit } };
  }
  const text = String(limit);
  const env = { [LIMIT_VARIABLE]: text, ...(limitEnv === undefined ? {} : { [limitEnv]: text }) };
  try {
    const tail = await runAppCommand(context, { command, cwd, env });
    return { status: "ok", details: { limit, ...resultOf(tail) }, exitCode: 0 };
  } catch (error) {
    if (!(error instanceof JobFailure)) throw error;
    const { message, exitCode, details } = error;
    const result = resultOf(String(details["tail"] ?? ""));
    throw new JobFailure(message, {
      ...(exitCode === undefined ? {} : { exitCode }),
      details: { limit, ...result, ...details },
      cause: error,
    });
  }
}

/** The last line that is a JSON object; package managers write lines of their own around it. */
function resultOf(tail: string): { readonly result?: object } {
  for (const line of tail.split("\n").toReversed()) {
    const result = objectOf(line);
    if (result) return { result };
  }
  return {};
}

function objectOf(line: string): object | undefined {
  if (!line.trimStart().startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

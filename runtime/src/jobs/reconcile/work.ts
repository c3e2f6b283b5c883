import { parseObject } from "../../contract/text.ts";
import { runAppCommand } from "../app-command.ts";
import { dryRunOutcome, type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import { reconcileJob } from "./options.ts";

/** Default of the limit: that of the app's own WEBHOOK_REPLAY_LIMIT. */
const LIMIT = 20;

/** Variable with the limit, whatever the app's own variable is. */
const LIMIT_VARIABLE = "OPSPEC_LIMIT";

/**
 * Runs the app's command with the limit. Failures of single entries are part of the result and do not
 * fail the run. The command exits with another code than 0 only if it could not work at all.
 */
export async function work(context: JobContext): Promise<JobOutcome> {
  const { command, cwd, limitEnv, ...options } = reconcileJob.options.parse(context.options);
  const input = reconcileJob.input.parse(context.input);
  const limit = input.limit ?? options.limit ?? LIMIT;
  if (context.dryRun) return dryRunOutcome({ wouldRun: command, limit });
  const text = String(limit);
  const env = { [LIMIT_VARIABLE]: text, ...(limitEnv === undefined ? {} : { [limitEnv]: text }) };
  try {
    const tail = await runAppCommand(context, { command, cwd, env });
    return { status: "ok", details: { limit, ...resultOf(tail) }, exitCode: 0 };
  } catch (error) {
    if (!(error instanceof JobFailure)) throw error;
    const { message, exitCode } = error;
    const result = resultOf(String(error.details["tail"] ?? ""));
    const details = { limit, ...result, ...error.details };
    throw new JobFailure(message, { exitCode, details, cause: error });
  }
}

/** The last line that is a JSON object. Package managers print lines around it. */
function resultOf(tail: string): { readonly result?: object } {
  const lines = tail.split("\n").filter((line) => line.trimStart().startsWith("{"));
  const result = lines.toReversed().map(parseObject).find(Boolean);
  return result ? { result } : {};
}

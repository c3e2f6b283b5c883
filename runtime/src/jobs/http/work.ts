import type { JobContext, JobOutcome } from "../definition.ts";
import { ask, badAnswer, urlOf } from "./call.ts";
import { httpJob } from "./options.ts";

/** Calls a URL once; a status that is not good is a failure, a temporary one where it may pass. */
export async function work(context: JobContext): Promise<JobOutcome> {
  const options = httpJob.options.parse(context.options);
  const { method = "GET", status } = options;
  urlOf(context, options);
  if (context.dryRun) return { status: "skipped", details: { dryRun: true, wouldCall: method } };
  const response = await ask(context, options, { method });
  const isGood = status === undefined ? response.ok : response.status === status;
  if (!isGood) throw await badAnswer(method, response);
  await response.body?.cancel();
  return { status: "ok", details: { httpStatus: response.status } };
}

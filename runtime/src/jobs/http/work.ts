import { dryRunOutcome, type JobContext, type JobOutcome } from "../definition.ts";
import { request, responseFailure, urlOf } from "../request.ts";
import { httpJob } from "./options.ts";

/** Calls a URL once. An unexpected status is a failure, and a temporary one if it may pass. */
export async function work(context: JobContext): Promise<JobOutcome> {
  const options = httpJob.options.parse(context.options);
  const { method = "GET", status } = options;
  urlOf(context, options);
  if (context.dryRun) return dryRunOutcome({ wouldCall: method });
  const response = await request(context, options, { method });
  const isExpected = status === undefined ? response.ok : response.status === status;
  if (!isExpected) throw await responseFailure(method, response);
  await response.body?.cancel();
  return { status: "ok", details: { httpStatus: response.status } };
}

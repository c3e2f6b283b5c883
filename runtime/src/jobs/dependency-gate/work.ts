import { configurationError } from "../../contract/configuration-error.ts";
import { type Gate, passGates } from "../../supervise/gates.ts";
import { StartRefused } from "../../supervise/start-refused.ts";
import { dryRunOutcome, type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import { dependencyGateJob } from "./options.ts";

/** Waits for the gates in the same way as the start of an app does. */
export async function work(context: JobContext): Promise<JobOutcome> {
  const { env, log, signal, job } = context;
  const gates = gatesOf(context);
  const names = gates.map(({ name }) => name);
  if (context.dryRun) return dryRunOutcome({ gates: names });
  try {
    const shut = await passGates(gates, { env, log, signal, where: `jobs/${job}/gates` });
    return { status: "ok", details: { open: names.filter((it) => !shut.includes(it)), shut } };
  } catch (error) {
    if (!(error instanceof StartRefused)) throw error;
    const { problems, exitCode } = error;
    throw new JobFailure(problems.join("; "), { exitCode, details: { problems } });
  }
}

function gatesOf({ job, options, process }: JobContext): readonly Gate[] {
  const { gates = process?.manifest.app?.gates ?? [] } = dependencyGateJob.options.parse(options);
  if (gates.length > 0) return gates;
  const remedy = "Declare a gate here or under supervise: of the service.";
  throw configurationError(`jobs/${job}/options/gates`, "there are none.", remedy);
}

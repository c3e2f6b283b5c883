import { join, resolve } from "node:path";
import { stampOf, stampsOf, writeNew } from "../file.ts";
import { type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import { type Clock, SYSTEM_CLOCK } from "../../run/clock.ts";
import { errorWords } from "../../health/error-words.ts";
import {
  type Observation,
  observeDirectories,
  observeVariables,
  observeVersions,
} from "./observation.ts";
import { heartbeatJob } from "./options.ts";

const DIRECTORY = "snapshots";

/** Writes what this process has to work with as `heartbeat_<time>.csv`. */
export async function work(context: JobContext, clock: Clock = SYSTEM_CLOCK): Promise<JobOutcome> {
  const said = heartbeatJob.options.parse(context.options);
  const directory = said.directory ?? DIRECTORY;
  const now = clock.now();
  if (context.dryRun) {
    const wouldWrite = join(directory, `heartbeat_${stampOf(now)}.csv`);
    return { status: "skipped", details: { dryRun: true, wouldWrite } };
  }
  const observations = [
    ...(await observeVersions(context, said.programs ?? [])),
    ...(await observeDirectories(context, [...new Set([directory, ...(said.directories ?? [])])])),
    ...observeVariables(context, said.variables ?? []),
  ];
  const file = await writeSnapshot(context, directory, { observations, now });
  return { status: "ok", details: { file, ...troubles(observations) } };
}

/** What an operator should look at; a snapshot of trouble is no failure of the snapshot. */
function troubles(observations: readonly Observation[]): Record<string, string[]> {
  const withValue = (value: string) =>
    observations.filter((one) => one.value === value).map(({ key }) => key);
  return { errors: withValue("ERROR"), missing: withValue("MISSING") };
}

async function writeSnapshot(
  context: JobContext,
  directory: string,
  { observations, now }: { observations: readonly Observation[]; now: Date },
): Promise<string> {
  const { stringify } = await import("csv-stringify/sync");
  const text = stringify([...observations], { header: true, columns: ["section", "key", "value"] });
  try {
    for (const stamp of stampsOf(now)) {
      const file = join(directory, `heartbeat_${stamp}.csv`);
      if (await writeNew(resolve(context.directory, file), text)) return file;
    }
  } catch (error) {
    const message = `${directory}: the snapshot could not be written: ${errorWords(error)}.`;
    throw new JobFailure(message, { details: { observations }, cause: error });
  }
  throw new JobFailure(`${directory}: all names of ${stampOf(now)} are taken.`);
}

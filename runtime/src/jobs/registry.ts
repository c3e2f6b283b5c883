import { isRunHere, type ManifestJob } from "../contract/job.ts";
import type { JobWork } from "../job-definition.ts";
import { ConfigurationError, type ConfigurationProblem } from "../settings/configuration-error.ts";

/** Each job's work, imported when it is needed: a run of one job does not load the others. */
const WORK: Readonly<Record<string, () => Promise<JobWork>>> = {
  command: async () => (await import("./command/work.ts")).runCommand,
  http: async () => (await import("./http/work.ts")).callUrl,
  heartbeat: async () => (await import("./heartbeat/work.ts")).writeHeartbeat,
  digest: async () => (await import("./digest/work.ts")).writeDigest,
  "sqlite-backup": async () => (await import("./sqlite-backup/work.ts")).backUpSqlite,
};

/** What a job of the catalog does. */
export async function jobWork(name: string): Promise<JobWork> {
  const load = Object.hasOwn(WORK, name) ? WORK[name] : undefined;
  if (load) return load();
  throw new ConfigurationError([cannotDo(`uses/${name}`)]);
}

/** The jobs of these that are to run here and that this runtime cannot do, each as a problem. */
export function undoableJobs(jobs: readonly ManifestJob[]): ConfigurationProblem[] {
  return jobs
    .filter((job) => isRunHere(job) && !Object.hasOwn(WORK, job.uses))
    .map(({ name, uses }) => cannotDo(`jobs/${name}/uses/${uses}`));
}

/** Refuses at once all jobs that are to run here and that this runtime cannot do. */
export function checkWork(jobs: readonly ManifestJob[]): void {
  const problems = undoableJobs(jobs);
  if (problems.length > 0) throw new ConfigurationError(problems);
}

function cannotDo(where: string): ConfigurationProblem {
  const remedy = `Deploy a newer runtime (runtimeSource); it does: ${Object.keys(WORK).join(", ")}.`;
  return { where, message: "this runtime cannot do it.", remedy };
}

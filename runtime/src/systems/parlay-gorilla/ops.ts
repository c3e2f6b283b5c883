import { json } from "../../http.ts";
import { type PostgresDatabase, openDatabase } from "../../databases/postgres.ts";
import type { ProcessContext, ProcessRuns } from "../../run/process.ts";
import { valueOf } from "../../contract/env.ts";
import { checkEverything } from "../../ops/checks.ts";
import type { OpsContext, OpsPreset } from "../../ops/api.ts";

/** The variable with the Postgres in which the app's scheduler keeps its runs. */
const DATABASE_URL = "DATABASE_URL";

/** The token of the runbook's own guardian, which compares commits. */
const VERIFY_TOKEN = "OPS_VERIFY_TOKEN";

/** Characters of one error in the body, as the app's own column has them. */
const ERROR_MAX = 2000;

/** Characters of a commit: parlay-gorilla's deploys compare seven. */
const SHA_LENGTH = 7;

const JOB_RUNS = `
  SELECT job_name, last_run_at, duration_ms, status,
    left(error_snippet, ${ERROR_MAX}) AS error_snippet, run_stats
  FROM scheduler_job_runs ORDER BY job_name`;

/**
 * parlay-gorilla: `/ops/jobs` from the table of the app's scheduler, `/ops/version`, `/ops/verify`.
 *
 * `OPS_VERIFY_TOKEN` as `x-ops-token` opens the last two, beside the operators' token. Without that
 * variable the app answered everybody; here it answers nobody. The app itself keeps its other paths
 * under /ops, because its deploys and its page read them.
 */
export const opsPreset: OpsPreset = {
  wrongTokenStatus: 403,
  appPaths: [
    "/ops/availability-contract",
    "/ops/deploy-status",
    "/ops/model-health",
    "/ops/safety",
    "/ops/sport-state",
  ],
  routes: [
    { method: "GET", path: "/ops/jobs", answer: listJobRuns },
    { method: "GET", path: "/ops/version", tokenEnvs: [VERIFY_TOKEN], answer: showVersion },
    { method: "GET", path: "/ops/verify", tokenEnvs: [VERIFY_TOKEN], answer: verify },
  ],
};

/** The last run of each job, of any process. A database that cannot be reached is a 500. */
async function listJobRuns({ var: { ops, requestId } }: OpsContext): Promise<Response> {
  const { process } = ops;
  try {
    const database = await databaseOf(process);
    const rows = await database.query("read the scheduler's runs", JOB_RUNS);
    return json(200, { jobs: rows, request_id: requestId });
  } catch (error) {
    process.log.error({ err: error, request_id: requestId }, "the scheduler's runs cannot be read");
    const message = "the scheduler's runs cannot be read";
    return json(500, { error: message, jobs: [], request_id: requestId });
  }
}

/** A few connections per process, opened by the first request and closed when the process ends. */
const databases = new WeakMap<ProcessRuns, Promise<PostgresDatabase>>();

function databaseOf(process: ProcessContext & ProcessRuns): Promise<PostgresDatabase> {
  const known = databases.get(process);
  if (known) return known;
  const opening = openDatabase(DATABASE_URL, process.env);
  databases.set(process, opening);
  const close = async (): Promise<void> => (await opening).close();
  process.stop.signal.addEventListener("abort", () => void close().catch(() => undefined));
  return opening;
}

async function showVersion({ var: { ops, requestId } }: OpsContext): Promise<Response> {
  const { process, startedAt } = ops;
  return json(200, {
    git_sha: shaOf(process),
    build_time: valueOf(process.env, "BUILD_TIME") ?? null,
    environment: process.manifest.environment,
    started_at: startedAt,
    request_id: requestId,
  });
}

/** Whether all checks succeed, and the commit, for the guardian that compares it with others. */
async function verify({ var: { ops, requestId } }: OpsContext): Promise<Response> {
  const { overall, items } = await checkEverything(ops);
  const body = { ok: overall !== "FAIL", git_sha: shaOf(ops.process), overall, items };
  return json(200, { ...body, request_id: requestId });
}

function shaOf({ commit, env }: ProcessContext): string {
  return (valueOf(env, "GIT_SHA") ?? commit)?.slice(0, SHA_LENGTH) ?? "unknown";
}

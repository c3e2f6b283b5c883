// Stands for `python -m app.workers.scheduler_main`: a loop that takes the Redis lock, runs the jobs
// that are due and records each in scheduler_job_runs, as parlay-gorilla's runbook describes it.
const { randomUUID } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { setTimeout: sleep } = require("node:timers/promises");
const Redis = require("ioredis");
const { Client } = require("pg");

const LOCK = "parlaygorilla:scheduler:run";
const LOCK_SECONDS = 2700;
const RELEASE =
  "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end";
const JOBS = { apisports_refresh: 6 * 3600, apisports_daily: 24 * 3600 };
const ERROR_MAX = 2000;
/** A request that a cut connection swallowed must not stop the loop. */
const ANSWER_MS = 5000;

const { DATABASE_URL, REDIS_URL, STAND_IN_CYCLE_SECONDS = "3600", STAND_IN_FAULT } = process.env;

function say(message, fields = {}) {
  console.log(JSON.stringify({ level: "info", msg: message, ...fields }));
}

/** The text of the fault that a test wants, or nothing. */
function fault() {
  try {
    return readFileSync(STAND_IN_FAULT, "utf8").trim();
  } catch {
    return "";
  }
}

async function runDue(client) {
  for (const [job, seconds] of Object.entries(JOBS)) {
    const { rows } = await client.query(
      "SELECT now() - last_run_at >= make_interval(secs => $2) AS due FROM scheduler_job_runs WHERE job_name = $1",
      [job, seconds],
    );
    if (rows.length === 0 || rows[0].due) await runJob(client, job);
  }
}

async function runJob(client, job) {
  const began = Date.now();
  const error = fault();
  const status = error === "" ? "success" : "failure";
  await client.query(
    `INSERT INTO scheduler_job_runs VALUES ($1, now(), $2, $3, $4, $5)
     ON CONFLICT (job_name) DO UPDATE SET last_run_at = excluded.last_run_at,
       duration_ms = excluded.duration_ms, status = excluded.status,
       error_snippet = excluded.error_snippet, run_stats = excluded.run_stats`,
    [
      job,
      Date.now() - began,
      status,
      error === "" ? null : error.slice(0, ERROR_MAX),
      { teams: 2 },
    ],
  );
  await client.query("INSERT INTO stand_in_runs (job, process) VALUES ($1, $2)", [
    job,
    process.env.STAND_IN_NAME,
  ]);
  say("job ran", { job, status });
}

/** Gives the lock back, as soon as Redis answers: it would stay for 45 minutes. */
async function release(redis, token) {
  for (;;) {
    try {
      return await redis.eval(RELEASE, 1, LOCK, token);
    } catch (error) {
      say("cycle failed", { error: error.code ?? error.name });
      await sleep(200);
    }
  }
}

/** One cycle; what goes wrong in it ends the cycle and never the loop. */
async function cycle(redis) {
  const token = randomUUID();
  if ((await redis.set(LOCK, token, "EX", LOCK_SECONDS, "NX")) !== "OK") {
    return say("scheduler lock held by another process, skipping cycle");
  }
  const client = new Client({
    connectionString: DATABASE_URL,
    connectionTimeoutMillis: ANSWER_MS,
    query_timeout: ANSWER_MS,
  });
  // A connection that is cut is told by this event too, which would end the process.
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query(
      "CREATE TABLE IF NOT EXISTS stand_in_runs (id serial PRIMARY KEY, job text, process text, at timestamptz DEFAULT now())",
    );
    await runDue(client);
  } finally {
    await client.end().catch(() => {});
    await release(redis, token);
  }
}

/** A cycle that was begun is ended, so that its lock does not stay for 45 minutes. */
async function main() {
  const redis = new Redis(REDIS_URL, { maxRetriesPerRequest: 1, commandTimeout: ANSWER_MS });
  redis.on("error", () => {});
  const stop = new AbortController();
  process.on("SIGTERM", () => stop.abort());
  while (!stop.signal.aborted) {
    await cycle(redis).catch((error) => say("cycle failed", { error: error.code ?? error.name }));
    const pause = { signal: stop.signal };
    await sleep(Number(STAND_IN_CYCLE_SECONDS) * 1000, undefined, pause).catch(() => {});
  }
  redis.disconnect();
}

main();

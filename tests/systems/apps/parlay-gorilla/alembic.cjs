// Stands for `alembic upgrade head`: makes the table of the scheduler, and keeps a line a run so that
// a test sees which process migrated and that no two of them did it at the same time.
const { Client } = require("pg");
const { setTimeout: sleep } = require("node:timers/promises");

/** Long enough that two replicas which start together would meet. */
const WORK_MS = 1500;

async function main() {
  const client = new Client({ connectionString: process.env.DATABASE_URL });
  await client.connect();
  await client.query(`
    CREATE TABLE IF NOT EXISTS alembic_runs (
      id serial PRIMARY KEY, process text, began_at timestamptz, ended_at timestamptz, migrated boolean)`);
  const { rows } = await client.query("SELECT to_regclass('scheduler_job_runs') AS at");
  const isAtHead = rows[0].at !== null;
  const began = new Date();
  if (!isAtHead) {
    await sleep(WORK_MS);
    await client.query(`
      CREATE TABLE scheduler_job_runs (
        job_name text PRIMARY KEY, last_run_at timestamptz NOT NULL, duration_ms integer,
        status text NOT NULL, error_snippet text, run_stats json)`);
  }
  await client.query(
    "INSERT INTO alembic_runs (process, began_at, ended_at, migrated) VALUES ($1, $2, now(), $3)",
    [process.env.STAND_IN_NAME, began, !isAtHead],
  );
  await client.end();
}

main().catch((error) => {
  console.error(error.code ?? error.name);
  process.exit(1);
});

// Stands for pnpm: `prisma migrate deploy`, `prisma db execute`, and `webhooks:reconcile`.
import { Client } from "pg";

const args = process.argv.slice(2).join(" ");
const client = new Client({ connectionString: process.env.DATABASE_URL });
await client.connect();

async function migrate() {
  console.log("prisma migrate deploy");
  await client.query(`
    CREATE TABLE IF NOT EXISTS job_runs (id text PRIMARY KEY, kind text, status text, error text,
      created_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'));
    CREATE TABLE IF NOT EXISTS notifications (id text, created_at timestamptz DEFAULT now());
    CREATE TABLE IF NOT EXISTS events (id text, created_at timestamptz DEFAULT now());
    CREATE TABLE IF NOT EXISTS webhook_events (id text, event text, resolved boolean,
      error text, created_at timestamptz DEFAULT now())`);
  console.log("All migrations have been successfully applied.");
}

/** The oldest unresolved ones; one that fails again keeps its error. */
async function reconcile() {
  if (!process.env.STRIPE_SECRET_KEY) {
    console.error("no STRIPE_SECRET_KEY");
    return 1;
  }
  const limit = Number(process.env.WEBHOOK_REPLAY_LIMIT ?? 20);
  const { rows } = await client.query(
    "SELECT id, event FROM webhook_events WHERE NOT resolved ORDER BY created_at LIMIT $1",
    [limit],
  );
  const counts = { resolved: 0, failed: 0 };
  for (const { id, event } of rows) {
    const isGood = !event.includes("broken");
    counts[isGood ? "resolved" : "failed"] += 1;
    await client.query("UPDATE webhook_events SET resolved = $2, error = $3 WHERE id = $1", [
      id,
      isGood,
      isGood ? null : "no such customer",
    ]);
  }
  console.log(JSON.stringify(counts));
  return 0;
}

/** The file is the system's own, so only that it would run is told. */
function execute() {
  console.log(args.slice(args.indexOf("prisma db execute")));
}

if (args.includes("webhooks:reconcile")) process.exitCode = await reconcile();
else if (args.includes("db execute")) execute();
else await migrate();
await client.end();

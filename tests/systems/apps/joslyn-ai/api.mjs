// Stands for the Fastify API: takes work and webhooks, and what the worker says of a job.
import { createServer } from "node:http";
import { Redis } from "ioredis";
import { Pool } from "pg";
import { tell } from "./runtime-client.mjs";

const { PORT, DATABASE_URL, REDIS_URL, INTERNAL_API_KEY } = process.env;
const redis = new Redis(REDIS_URL);
redis.on("error", () => {});
const database = new Pool({ connectionString: DATABASE_URL, max: 2 });
database.on("error", () => {});

const STATES = ["pending", "processing", "done", "error"];

async function takeJobs({ jobs }) {
  for (const job of jobs) {
    await database.query(
      "INSERT INTO job_runs (id, kind, status) VALUES ($1, $2, 'pending') ON CONFLICT (id) DO NOTHING",
      [job.id, job.kind],
    );
    await redis.rpush("jobs", JSON.stringify(job));
  }
  return [202, { queued: jobs.length }];
}

async function takeWebhook({ id, event, outcome }) {
  await database.query("INSERT INTO webhook_events (id, event, resolved) VALUES ($1, $2, $3)", [
    id,
    event,
    outcome === "processed",
  ]);
  await tell("/events/webhook", { labels: { event, outcome } });
  return [200, { received: true }];
}

async function patchJob(id, { status, error }, key) {
  if (key !== INTERNAL_API_KEY) return [401, { error: "unauthorized" }];
  if (!STATES.includes(status)) return [400, { error: "invalid status" }];
  const { rowCount } = await database.query(
    "UPDATE job_runs SET status = $2, error = $3 WHERE id = $1",
    [id, status, error ?? null],
  );
  return rowCount === 0 ? [404, { error: "not found" }] : [200, { ok: true }];
}

async function route(request) {
  const { pathname } = new URL(request.url, "http://api");
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = parts.length === 0 ? {} : JSON.parse(Buffer.concat(parts).toString());
  const [, first, second, id] = pathname.split("/");
  if (request.method === "POST" && pathname === "/jobs") return takeJobs(body);
  if (request.method === "POST" && pathname === "/webhooks/stripe") return takeWebhook(body);
  if (request.method === "PATCH" && first === "internal" && second === "jobs") {
    return patchJob(id, body, request.headers["x-internal-key"]);
  }
  if (pathname === "/settings") return [200, { s3: process.env.S3_ENDPOINT }];
  return [404, { error: "not found" }];
}

createServer(async (request, response) => {
  const [status, body] = await route(request).catch((error) => [500, { error: String(error) }]);
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}).listen(Number(PORT), "127.0.0.1");

// Stands for the Python worker: takes jobs off the queue, tries them, gives stuck ones back.
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { event, tell } from "./runtime-client.mjs";

const { API_URL, REDIS_URL, INTERNAL_API_KEY } = process.env;
const DEAD = process.env.JOB_DEAD_LETTER_QUEUE ?? "jobs:dead";
const MAX_RETRIES = Number(process.env.JOB_MAX_RETRIES ?? 3);
const VISIBILITY_SECONDS = Number(process.env.JOB_VISIBILITY_TIMEOUT_SECONDS ?? 300);

/** Its own backoff is 2 s for each attempt; a test does not wait for that. */
const BACKOFF_MS = 20;
const POLL_SECONDS = 1;

const redis = new Redis(REDIS_URL);
redis.on("error", () => {});
const stopping = new AbortController();
process.on("SIGTERM", () => stopping.abort());

async function claim(entry) {
  const { id } = JSON.parse(entry);
  await redis.hset("jobs:claims", id, entry);
  await redis.zadd("jobs:visibility", Date.now() / 1000 + VISIBILITY_SECONDS, id);
}

async function release(entry) {
  const { id } = JSON.parse(entry);
  await redis
    .multi()
    .lrem("jobs:processing", 1, entry)
    .hdel("jobs:claims", id)
    .zrem("jobs:visibility", id)
    .exec();
}

async function report(id, status, error) {
  const answer = await fetch(`${API_URL}/internal/jobs/${id}`, {
    method: "PATCH",
    headers: { "x-internal-key": INTERNAL_API_KEY, "content-type": "application/json" },
    body: JSON.stringify({ status, error: error?.slice(0, 400) }),
  });
  await answer.body?.cancel();
}

async function process1(entry) {
  const job = JSON.parse(entry);
  const { runId } = await tell("/runs/start", { job: "ingest-pdf" });
  await event("job.start", { job_id: job.id });
  for (let attempt = 1; ; attempt += 1) {
    if (attempt > (job.fails ?? 0)) {
      await report(job.id, "done");
      await event("job.success", { job_id: job.id });
      return tell("/runs/end", { runId, status: "ok", attempt });
    }
    await event("job.attempt_failed", { job_id: job.id, attempt });
    if (attempt >= MAX_RETRIES) {
      const error = `no text in ${job.id}`;
      await report(job.id, "error", error);
      await event("job.failed", { job_id: job.id, error });
      const { fails: _, ...rest } = job;
      await redis.rpush(
        DEAD,
        JSON.stringify({ ...rest, failed_at: new Date().toISOString(), error }),
      );
      await event("job.dead_letter", { job_id: job.id });
      return tell("/runs/end", { runId, status: "failed", attempt, error });
    }
    await sleep(BACKOFF_MS * attempt);
  }
}

/** Its own visibility requeue, which looks when there is nothing else to do. */
async function giveBack() {
  const startedAt = performance.now();
  const due = await redis.zrange("jobs:visibility", "-inf", Date.now() / 1000, "BYSCORE");
  for (const id of due) {
    const entry = await redis.hget("jobs:claims", id);
    if (entry === null || (await redis.lrem("jobs:processing", 1, entry)) === 0) continue;
    await redis
      .multi()
      .rpush("jobs", entry)
      .hdel("jobs:claims", id)
      .zrem("jobs:visibility", id)
      .exec();
    await event("job.requeued", { job_id: id });
  }
  const durationMs = Math.round(performance.now() - startedAt);
  if (due.length > 0) {
    await tell("/runs", {
      job: "stuck-job-sweep",
      status: "ok",
      durationMs,
      details: { requeued: due.length },
    });
  }
}

await event("worker.start");
while (!stopping.signal.aborted) {
  try {
    await tell("/heartbeats/loop");
    const entry =
      (await redis.get("stand-in:paused")) === null
        ? await redis.blmove("jobs", "jobs:processing", "RIGHT", "LEFT", POLL_SECONDS)
        : await sleep(100, null);
    if (entry === null) await giveBack();
    else {
      await claim(entry);
      await process1(entry);
      await release(entry);
    }
  } catch (error) {
    console.log(JSON.stringify({ event: "job.crash", error: String(error) }));
    await sleep(500);
  }
}
redis.disconnect();

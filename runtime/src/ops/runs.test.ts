import { expect, test } from "vitest";
import { scratchOps } from "../../testing/scratch-ops.ts";
import { runJob } from "../run/run-job.ts";

async function scene() {
  let now = new Date("2026-03-27T08:00:00.000Z");
  const jobs = [
    { name: "digest", command: "true" },
    { name: "purge", command: "false" },
  ];
  const ops = await scratchOps({ jobs, clock: { now: () => now } });
  for (const [at, job, actor] of [
    ["2026-03-25T08:00:00.000Z", "digest", "schedule"],
    ["2026-03-26T08:00:00.000Z", "purge", "schedule"],
    ["2026-03-27T08:00:00.000Z", "digest", "manual ada"],
  ] as const) {
    now = new Date(at);
    await runJob(ops.process, { job, actor });
  }
  const found = async (query: string) => {
    const { status, body } = await ops.ask(`/ops/runs${query}`);
    if (status !== 200) return body["error"];
    const runs = body["runs"] as { job: string; startedAt: string }[];
    return runs.map(({ job, startedAt }) => `${job} ${startedAt.slice(8, 10)}`);
  };
  return { found };
}

test("the history is filtered by job, status, day and text, newest first", async () => {
  const { found } = await scene();

  expect(await found("")).toEqual(["digest 27", "purge 26", "digest 25"]);
  expect(await found("?job=digest")).toEqual(["digest 27", "digest 25"]);
  expect(await found("?status=failed")).toEqual(["purge 26"]);
  expect(await found("?since=2026-03-26")).toEqual(["digest 27", "purge 26"]);
  expect(await found("?until=2026-03-26")).toEqual(["purge 26", "digest 25"]);
  expect(await found("?since=2026-03-26&until=2026-03-26")).toEqual(["purge 26"]);
  expect(await found("?until=2026-03-26T10:00:00%2B02:00")).toEqual(["purge 26", "digest 25"]);
  expect(await found("?text=ADA")).toEqual(["digest 27"]);
  expect(await found("?text=digest&limit=1")).toEqual(["digest 27"]);
  expect(await found("?job=&status=&text=&since=")).toHaveLength(3);
});

test("a filter that is none is told", async () => {
  const { found } = await scene();

  expect(await found("?status=good")).toMatch(/^status: should be one of ok, failed/);
  expect(await found("?since=yesterday")).toMatch(/^since: should be a day or a time/);
  expect(await found("?limit=0")).toMatch(/^limit: should be a number from 1 to 500/);
});

test("a running job is stopped by whoever says who, and its slot does not run again", async () => {
  const ops = await scratchOps({
    jobs: [{ name: "slow", command: "sleep 30", graceSeconds: 1 }],
    manifest: { stores: { coordination: { kind: "sqlite", path: "state.db" } } },
  });
  const { process } = ops;
  const slot = { name: "slow", holder: process.holder, ttlMs: 10_000 };
  const at = new Date("2026-03-27T08:00:00.000Z");
  const claimed = await process.coordination?.claimSlot(slot, at);
  if (!claimed) throw new Error("the slot is free");
  const ending = runJob(process, {
    job: "slow",
    actor: "schedule",
    scheduledFor: at,
    slot: claimed,
  });
  await expect.poll(() => [...process.active.keys()]).toHaveLength(1);
  const [runId] = process.active.keys();
  const stop = (id = runId) =>
    ops.ask(`/ops/runs/${id}/stop`, { method: "POST", json: { actor: "manual ada" } });

  const stopped = await stop();
  const record = await ending;

  expect(stopped).toMatchObject({ status: 202, body: { runId, status: "running" } });
  expect(record).toMatchObject({ status: "interrupted", error: "an operator stopped it" });
  expect((await ops.ask(`/ops/runs/${runId}`)).body).toMatchObject({ status: "interrupted" });
  expect(await process.coordination?.claimSlot(slot, at)).toBeUndefined();
  expect((await stop()).status).toBe(404);
  process.active.set("of-the-app", record);
  expect((await stop("of-the-app")).status).toBe(409);
});

import { scratchDirectory } from "../../testing/scratch-directory.ts";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { scratchProcess } from "../../testing/scratch-process.ts";
import { usePostgres, useRedis } from "../../testing/servers.ts";
import { leaseRequest } from "./admission.ts";
import { runJob } from "./run-job.ts";
import { jobOf } from "./run.ts";

const postgres = usePostgres();
const redis = useRedis();

const RUN = { job: "slow", actor: "schedule" };
const SLOW = "echo x >> runs; touch started; while ! test -e go; do sleep 0.05; done";

async function untilExists(path: string): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!existsSync(path)) {
    if (Date.now() > deadline) throw new Error(`${path} is not there in time`);
    await sleep(20);
  }
}

test.for(["postgres", "redis"] as const)(
  "the lock in %s keeps a second process from running the job, and is free afterwards",
  async (store, context) => {
    const { url } = await (store === "postgres" ? postgres : redis)(context);
    const job = { name: "slow", command: SLOW, lock: { store, urlEnv: "LOCK_URL" } };
    const options = { jobs: [job], env: { LOCK_URL: url } };
    const one = await scratchProcess(options);
    const other = await scratchProcess({ ...options, directory: one.directory });
    const first = runJob(one.process, RUN);
    await untilExists(join(one.directory, "started"));

    const second = await runJob(other.process, RUN);
    writeFileSync(join(one.directory, "go"), "");

    expect(second).toMatchObject({
      status: "skipped",
      details: { reason: "it is running in another process", holder: one.process.holder },
    });
    expect((await first).fence).toBeGreaterThan(0);
    const third = await runJob(other.process, RUN);
    expect(third.status).toBe("ok");
    expect(third.fence).toBeGreaterThan((await first).fence);
  },
);

test.for(["postgres", "redis"] as const)(
  "two stacks that share a %s run their jobs of equal name at once, and each its own slots",
  async (kind, context) => {
    const { url } = await (kind === "postgres" ? postgres : redis)(context);
    const coordination = { kind, urlEnv: "STORE_URL" };
    const stores = { coordination, records: { kind: "postgres" as const, urlEnv: "RECORDS_URL" } };
    const RECORDS_URL = await (await postgres(context)).freshDatabase();
    const jobs = [{ name: "slow", command: SLOW }];
    const open = (stack: string) =>
      scratchProcess({ jobs, manifest: { stack, stores }, env: { STORE_URL: url, RECORDS_URL } });
    const both = [await open("shop"), await open("shop-staging")];
    const slot = new Date("2026-03-01T00:00:00.000Z");

    const runs = both.map(({ process }) => runJob(process, RUN));
    await Promise.all(both.map((it) => untilExists(join(it.directory, "started"))));
    for (const { directory } of both) writeFileSync(join(directory, "go"), "");
    const records = await Promise.all(runs);
    const claims = await Promise.all(
      both.map(({ process }) =>
        process.coordination?.claimSlot(
          leaseRequest({ job: jobOf(process, "slow"), process }),
          slot,
        ),
      ),
    );

    expect(records.map(({ status }) => status)).toEqual(["ok", "ok"]);
    expect(claims).not.toContain(undefined);
    for (const [at, { process }] of both.entries()) {
      expect(await process.records.list({ limit: 9 })).toEqual([records[at]]);
    }
    await Promise.all(claims.map((claim) => claim?.release()));
  },
);

test("a queued run waits for the process that has the lock", async () => {
  const stores = { coordination: { kind: "sqlite", path: "state.db" } } as const;
  const options = {
    jobs: [{ name: "slow", command: SLOW, overlap: "queue" as const }],
    manifest: { stores },
  };
  const one = await scratchProcess(options);
  const other = await scratchProcess({ ...options, directory: one.directory });
  const first = runJob(one.process, RUN);
  await untilExists(join(one.directory, "started"));

  const second = runJob(other.process, RUN);
  await sleep(300);
  writeFileSync(join(one.directory, "go"), "");

  expect([(await first).status, (await second).status]).toEqual(["ok", "ok"]);
});

test("nothing runs unlocked while the store of its lock is away: the run fails as temporary", async () => {
  const lock = { store: "redis", urlEnv: "LOCK_URL" } as const;
  const { process, directory } = await scratchProcess({
    jobs: [{ name: "slow", command: "touch done", lock }],
    env: { LOCK_URL: "redis://127.0.0.1:1" },
  });

  const record = await runJob(process, RUN);

  expect(record).toMatchObject({ status: "failed", exitCode: 75, attempt: 0 });
  expect(existsSync(join(directory, "done"))).toBe(false);
});

test("a lost lease ends the run, and the late end is rejected by its fence", async (context) => {
  const { url } = await redis(context);
  const lock = { store: "redis", urlEnv: "LOCK_URL", ttlSeconds: 1 } as const;
  const records = { kind: "sqlite", path: join(scratchDirectory(), "state.db") } as const;
  const manifest = { stores: { records } };
  const command = "touch started; sleep 300";
  const { process, directory } = await scratchProcess({
    jobs: [{ name: "losing", command, lock }],
    manifest,
    env: { LOCK_URL: url },
  });
  const slot = new Date("2026-03-01T10:00:00Z");
  const running = runJob(process, { job: "losing", actor: "schedule", scheduledFor: slot });
  await untilExists(join(directory, "started"));

  // Somebody else has it, as after a pause of this process that was longer than the lease.
  const { withRedis } = await import("../../testing/redis.ts");
  await withRedis(url, (client) => client.del("opspec:lease:shop/shop/losing"));
  const other = await scratchProcess({
    jobs: [{ name: "losing", command: "true", lock }],
    manifest,
    env: { LOCK_URL: url },
  });
  const winner = await runJob(other.process, {
    job: "losing",
    actor: "schedule",
    scheduledFor: slot,
  });
  const loser = await running;

  expect(winner.status).toBe("ok");
  expect(loser).toMatchObject({ status: "lost", details: { cause: "lease-lost" } });
  expect(await process.records.list({ job: "losing", limit: 9 })).toEqual([winner]);
});

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchProcess } from "../../testing/scratch-process.ts";
import { runJob } from "./run-job.ts";

const RUN = { job: "trim", actor: "schedule" };

test("after n failures in a row somebody is told, and told again that it recovered", async () => {
  const alerts = { on: ["fail" as const, "recovered" as const], after: 2 };
  const scratch = await scratchProcess({
    jobs: [{ name: "trim", command: "test -e good || { echo broken; exit 3; }", alerts }],
  });
  const { process, directory } = scratch;

  await runJob(process, RUN);
  expect(scratch.alerts).toEqual([]);

  await runJob(process, RUN);
  expect(scratch.alerts).toMatchObject([
    {
      kind: "fail",
      key: "shop/trim/fail",
      job: "trim",
      title: "shop: trim failed, 2 times in a row: the command ended with 3: broken",
      details: { status: "failed", exitCode: 3 },
    },
  ]);

  writeFileSync(join(directory, "good"), "");
  await runJob(process, RUN);
  await runJob(process, RUN);
  expect(scratch.alerts.slice(1)).toMatchObject([
    { kind: "recovered", key: "shop/trim/fail", title: "shop: trim runs again after 2 failure(s)" },
  ]);
});

test("equal failures have equal keys, whatever their run and time", async () => {
  const alerts = { on: ["fail" as const] };
  const scratch = await scratchProcess({ jobs: [{ name: "trim", command: "exit 1", alerts }] });

  await runJob(scratch.process, RUN);
  await runJob(scratch.process, RUN);

  expect(new Set(scratch.alerts.map(({ key }) => key))).toEqual(new Set(["shop/trim/fail"]));
});

test("a skipped or interrupted run is no failure and ends no row of failures", async () => {
  const alerts = { on: ["fail" as const], after: 2 };
  const toggles = [{ name: "on", reader: { kind: "marker", path: "off" } as const }];
  const scratch = await scratchProcess({
    jobs: [{ name: "trim", command: "exit 1", alerts, toggles: ["on"] }],
    manifest: { toggles },
  });
  const { process, directory } = scratch;

  await runJob(process, RUN);
  writeFileSync(join(directory, "off"), "");
  await runJob(process, RUN);
  expect(scratch.alerts).toEqual([]);

  const { unlinkSync } = await import("node:fs");
  unlinkSync(join(directory, "off"));
  await runJob(process, RUN);
  expect(scratch.alerts).toHaveLength(1);
});

test("a cron job that cannot count its failures tells of the first", async () => {
  const job = { name: "trim", command: "exit 1", startedBy: "process" as const };
  const scratch = await scratchProcess({
    jobs: [{ ...job, alerts: { on: ["fail"], after: 3 } }],
  });

  await runJob(scratch.process, RUN);

  expect(scratch.alerts).toHaveLength(1);
});

test("a run that was still running when it was due again is told as stuck", async () => {
  const alerts = { on: ["stuck" as const] };
  const scratch = await scratchProcess({
    jobs: [{ name: "trim", command: "touch started; sleep 300", alerts }],
  });
  const first = runJob(scratch.process, RUN);
  const slot = new Date(Date.now() + 60_000);

  const second = await runJob(scratch.process, { ...RUN, scheduledFor: slot });

  expect(second.status).toBe("skipped");
  expect(scratch.alerts).toMatchObject([{ kind: "stuck", key: "shop/trim/stuck" }]);
  scratch.process.stop.abort();
  await first;
});

test("a store of records that is away keeps no alert back", { timeout: 60_000 }, async () => {
  const alerts = { on: ["fail" as const, "recovered" as const], after: 2 };
  const scratch = await scratchProcess({
    jobs: [
      { name: "trim", command: "exit 1", alerts },
      { name: "purge", command: "true", alerts },
    ],
    manifest: { stores: { records: { kind: "postgres", urlEnv: "DATABASE_URL" } } },
    env: { DATABASE_URL: "postgres://127.0.0.1:1/none" },
  });
  const startMs = performance.now();

  const running = ["trim", "purge"].map((job) => runJob(scratch.process, { ...RUN, job }));
  const ofRuns = () => scratch.alerts.filter(({ job }) => job !== undefined).map((it) => it.kind);
  await expect.poll(ofRuns, { timeout: 5000 }).toEqual(["fail"]);
  const sentMs = performance.now() - startMs;
  await Promise.all(running);

  // The record itself is tried for longer, because a run must not count as lost.
  expect(sentMs).toBeLessThan(5000);
  expect(ofRuns()).toEqual(["fail"]);
});

import { expect, test } from "vitest";
import type { RunStart } from "../contract/run-record.ts";
import { scratchProcess } from "../../testing/scratch-process.ts";
import { leaseRequest } from "./admission.ts";
import { recoverLost } from "./lost-runs.ts";

const STORES = {
  records: { kind: "sqlite", path: "state.db" },
  coordination: { kind: "sqlite", path: "state.db" },
} as const;

const JOB = { name: "trim", command: "true", alerts: { on: ["fail" as const] } };

function begun(fence: number, startedAt = "2026-03-01T10:00:00.000Z"): RunStart {
  return {
    job: "trim",
    runId: "4b2f8a53-4a3c-4a5b-9a55-0a86f2f3b9a1",
    scheduledFor: startedAt,
    startedAt,
    actor: "schedule",
    host: "gone",
    commit: null,
    fence,
  };
}

test("an unfinished run whose lease is free is recorded as lost, and somebody is told", async () => {
  const scratch = await scratchProcess({ jobs: [JOB], manifest: { stores: STORES } });
  const { process } = scratch;
  const run = begun(0);
  await process.records.begin(run);

  const recovered = await recoverLost(process);

  expect(recovered).toMatchObject([
    { runId: run.runId, status: "lost", error: "its process vanished before the run ended" },
  ]);
  expect(await process.records.unfinished()).toEqual([]);
  expect(scratch.alerts).toMatchObject([{ kind: "fail", job: "trim" }]);
});

test("the late end of a run that was given up is rejected", async () => {
  const { process } = await scratchProcess({ jobs: [JOB], manifest: { stores: STORES } });
  const run = begun(0);
  await process.records.begin(run);
  const [lost] = await recoverLost(process);
  if (!lost) throw new Error("it was not given up");

  const isTaken = await process.records.finish({ ...lost, status: "ok", fence: run.fence });

  expect(isTaken).toBe(false);
  expect(await process.records.list({ limit: 9 })).toEqual([lost]);
});

test("an unfinished run whose lease somebody holds is left alone", async () => {
  const { process } = await scratchProcess({ jobs: [JOB], manifest: { stores: STORES } });
  const [job] = process.manifest.jobs;
  if (!job) throw new Error("there is no job");
  const lease = await process.coordination?.acquire(leaseRequest({ job, process }));
  await process.records.begin(begun(lease?.fence ?? 0));

  expect(await recoverLost(process)).toEqual([]);

  await lease?.release();
});

test("without leases a run is given up when its deadline has long passed, or by who is alone", async () => {
  const { process } = await scratchProcess({
    jobs: [{ ...JOB, deadlineSeconds: 60 }],
    manifest: { stores: { records: STORES.records } },
  });
  await process.records.begin(begun(0, new Date().toISOString()));

  expect(await recoverLost(process)).toEqual([]);
  expect(await recoverLost(process, { alone: true })).toHaveLength(1);

  await process.records.begin({ ...begun(0), runId: "0d2f8a53-4a3c-4a5b-9a55-0a86f2f3b9a1" });
  expect(await recoverLost(process)).toHaveLength(1);
});

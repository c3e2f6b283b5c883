import { expect, test } from "vitest";
import type { RecordStore, RunRecord } from "../../contract/run-record.ts";
import { probeOnce, watch, type Watched } from "../../../testing/probe-watch.ts";
import { manualClock } from "../../../testing/scratch-health.ts";
import { createReports } from "../reports.ts";

test("the freshness of a job is that of its last good run", async () => {
  const records: RunRecord[] = [];
  const store: Pick<RecordStore, "list"> = {
    list: async ({ job, status }) =>
      records.filter((it) => it.job === job && it.status === status).toReversed(),
  };
  const ran = (status: RunRecord["status"], ageMs: number): void =>
    void records.push({
      job: "backup",
      runId: crypto.randomUUID(),
      scheduledFor: new Date(Date.now() - ageMs).toISOString(),
      startedAt: new Date(Date.now() - ageMs).toISOString(),
      actor: "schedule",
      host: "h",
      commit: null,
      fence: 1,
      status,
      durationMs: 0,
      attempt: 1,
      exitCode: 0,
      error: null,
      details: {},
    });
  const probe: Watched = { kind: "job", job: "backup", withinSeconds: 600 };

  const never = await probeOnce(probe, { records: store });
  ran("ok", 1_200_000);
  ran("failed", 1000);
  const old = await probeOnce(probe, { records: store });
  ran("ok", 1000);
  const fresh = await probeOnce(probe, { records: store });

  expect(never.error).toBe("has never ended well");
  expect(old.error).toBe("ended well 20 min ago, not within 10 min");
  expect(fresh.state).toBe("ok");
});

test("a component that never reported is not ok, and what it reports counts at once", () => {
  const clock = manualClock();
  const reports = createReports(clock);
  const loop = watch({ kind: "component", name: "discord" }, { reports, clock });

  const never = loop.result();
  reports.reportComponent("discord", { ok: true });
  const well = loop.result();
  reports.reportComponent("discord", { ok: false, detail: "gateway closed" });

  expect(never).toMatchObject({ state: "failed", error: "never reported" });
  expect(well.state).toBe("ok");
  expect(loop.result()).toMatchObject({ state: "failed", error: "gateway closed" });
});

test("a heartbeat that stopped is told by its age", () => {
  const clock = manualClock();
  const reports = createReports(clock);
  const probe: Watched = { kind: "heartbeat", name: "loop", withinSeconds: 60 };
  const loop = watch(probe, { reports, clock });

  const never = loop.result().error;
  reports.beat("loop");
  clock.advance(60);
  const inTime = loop.result();
  clock.advance(1);

  expect(never).toBe("never beat");
  expect(inTime).toMatchObject({ state: "ok", value: 60 });
  expect(loop.result().error).toBe("last beat 1 min 1 s ago, not within 1 min");
});

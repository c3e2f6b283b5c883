import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { runJob } from "../run/run-job.ts";
import { flushScene, stock } from "../../testing/flush-scene.ts";
import { scratchProcess } from "../../testing/scratch-process.ts";
import { usePostgres } from "../../testing/servers.ts";

const postgres = usePostgres();

const BACKUP = {
  name: "backup-periodic",
  uses: "sqlite-backup",
  options: {
    database: "ventas.db",
    directory: "backups",
    keep: { env: "BACKUP_RETAIN_COUNT", default: 10 },
  },
};

test("a digest that is switched off ends well, writes nothing, and runs again when it is on", async () => {
  const { process } = await scratchProcess({
    jobs: [{ name: "digest-weekdays", uses: "digest", toggles: ["digest"] }],
    manifest: { toggles: [{ name: "digest", reader: { kind: "marker", path: "disabled" } }] },
  });
  const { directory } = process;
  writeFileSync(join(directory, "disabled"), "");

  const off = await runJob(process, { job: "digest-weekdays", actor: "schedule" });
  expect(off).toMatchObject({ status: "skipped", attempt: 0, error: null });
  expect(existsSync(join(directory, "backups"))).toBe(false);

  rmSync(join(directory, "disabled"));
  const on = await runJob(process, { job: "digest-weekdays", actor: "schedule" });
  expect(on.status).toBe("ok");
  expect(readdirSync(join(directory, "backups"))).toHaveLength(3);
});

test("alerts that a cron job sent are remembered by the next one, which is another container", async (context) => {
  const scene = await flushScene();
  const DATABASE_URL = await (await postgres(context)).freshDatabase();
  const { state: _state, ...options } = scene.options;
  const flush = async (): Promise<unknown> => {
    const { process } = await scratchProcess({
      jobs: [{ name: "flush", uses: "alerts-flush", startedBy: "process", options }],
      manifest: { stores: { records: { kind: "postgres", urlEnv: "DATABASE_URL" } } },
      env: { ...scene.env, DATABASE_URL },
      directory: scene.directory,
    });
    return (await runJob(process, { job: "flush", actor: "schedule" })).details["result"];
  };

  expect(await flush()).toBe("sent");
  expect(await flush()).toBe("no_change");
  scene.write(stock(8));
  expect(await flush()).toBe("sent");
  expect(scene.posts()).toHaveLength(2);
});

test("a silence file holds alerts back until its time is over", async () => {
  const scene = await flushScene();
  const clock = { now: () => new Date(nowMs) };
  let nowMs = Date.parse("2026-01-06T20:00:00Z");
  const flush = { name: "flush", uses: "alerts-flush", silencedBy: "silence.json" };
  const { process } = await scratchProcess({
    jobs: [{ ...flush, options: scene.options }],
    env: scene.env,
    directory: scene.directory,
    clock,
  });
  const silence = { silenced_until: nowMs / 1000 + 1800, reason: "deploy" };
  writeFileSync(join(scene.directory, "silence.json"), JSON.stringify(silence));

  const silenced = await runJob(process, { job: "flush", actor: "schedule" });
  expect(silenced).toMatchObject({ status: "skipped", details: { result: "silenced" } });
  nowMs += 1_800_000;
  const after = await runJob(process, { job: "flush", actor: "schedule" });
  expect(after).toMatchObject({ status: "ok", details: { result: "sent" } });
});

test("a heartbeat records where its snapshot is", async () => {
  const { process } = await scratchProcess({ jobs: [{ name: "beat", uses: "heartbeat" }] });

  const { status, details } = await runJob(process, { job: "beat", actor: "schedule" });

  expect(status).toBe("ok");
  const text = readFileSync(join(process.directory, String(details["file"])), "utf8");
  expect(text).toMatch(/^section,key,value\nversion,runtime,/);
});

test("BACKUP_RETAIN_COUNT says how many backups stay, and none is refused by that name", async () => {
  const { process } = await scratchProcess({ jobs: [BACKUP], env: { BACKUP_RETAIN_COUNT: "2" } });
  new DatabaseSync(join(process.directory, "ventas.db")).exec("CREATE TABLE t (n)");
  const request = { job: BACKUP.name, actor: "manual ana" };

  for (let run = 0; run < 3; run += 1) expect((await runJob(process, request)).status).toBe("ok");
  const files = readdirSync(join(process.directory, "backups"));
  expect(files.filter((name) => /^ventas_[\d_]+\.db$/.test(name))).toHaveLength(2);

  const none = await scratchProcess({ jobs: [BACKUP], env: { BACKUP_RETAIN_COUNT: "0" } });
  const refused = await runJob(none.process, request);
  expect(refused).toMatchObject({ status: "failed" });
  expect(refused.error).toContain("BACKUP_RETAIN_COUNT: has an invalid value");
});

test("the record of a backup says who asked for it, and that a second one was needless", async () => {
  const { process } = await scratchProcess({ jobs: [BACKUP] });
  new DatabaseSync(join(process.directory, "ventas.db")).exec("CREATE TABLE t (n)");

  const manual = await runJob(process, { job: BACKUP.name, actor: "manual ana" });
  const periodic = await runJob(process, { job: BACKUP.name, actor: "schedule" });

  expect(manual.details).toMatchObject({ reason: "admin_trigger:ana", rows: { t: 0 } });
  expect(periodic).toMatchObject({
    status: "skipped",
    details: { reason: "periodic", recent: manual.details["file"] },
  });
});

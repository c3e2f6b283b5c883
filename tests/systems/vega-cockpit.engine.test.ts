import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { loadStack } from "../../infra/stack.ts";
import { WAIT } from "./system-scene.ts";
import { type Cockpit, openCockpit } from "./vega-cockpit-scene.ts";

/** The runbook of vega-cockpit on the real stack. Each test continues from the previous one. */
const STACK = "vega-cockpit";

const WEEK_SECONDS = 7 * 24 * 3600;

const JOBS = ["alerts-flush", "snapshot-heartbeat", "digest-weekdays"];

let cockpit: Cockpit;

beforeAll(async () => {
  cockpit = await openCockpit(STACK);
  stockIs(7);
  cockpit.outside.sheet.set("digest", [
    ["sku", "title", "sold"],
    ["A1", "Mug <blue>", "12"],
  ]);
}, 2 * WAIT.timeout);

afterAll(() => cockpit?.close());

/** Sets the number of rows in one of the six tabs of alerts. */
function stockIs(count: number): void {
  const rows = Array.from({ length: count }, (_, n) => [`A${n}`, `Mug ${n}`, "0"]);
  cockpit.outside.sheet.set("alerts_low_stock", [["sku", "title", "stock"], ...rows]);
}

test("Web service is healthy and reachable", async () => {
  const page = await cockpit.press("GET", "/");

  expect([page.status, await page.text()]).toEqual([200, "<h1>Vega Cockpit</h1>"]);
  expect(await (await cockpit.press("GET", "/_stcore/health")).text()).toBe("ok");
  expect((await cockpit.press("GET", "/ops/jobs")).status).toBe(401);
});

test("Jobs created with correct UTC crons: hourly, every 6h, 20:00 UTC on weekdays", () => {
  const { jobs } = loadStack(STACK).model;

  expect(jobs.map(({ key, schedule }) => [key, schedule.utcCron])).toEqual([
    ["alerts-flush", "0 * * * *"],
    ["snapshot-heartbeat", "0 */6 * * *"],
    ["digest-weekdays", "0 20 * * 1-5"],
  ]);
});

test("the three cron jobs run by their schedules, in the service that has the disk", async () => {
  await cockpit.system.passTime(WEEK_SECONDS);

  await vi.waitFor(async () => {
    for (const job of JOBS) {
      const [record] = await cockpit.system.records("web", job);
      expect([job, record?.status, record?.actor]).toEqual([job, "ok", "call"]);
    }
  }, WAIT);
});

test("snapshot_heartbeat writes section,key,value: versions, directories, variables SET or MISSING", async () => {
  const { disk, outside, files } = cockpit;
  const [name = "", ...others] = files("snapshots", /^heartbeat_\d{8}_\d{6}\.csv$/);
  const text = readFileSync(join(disk, "snapshots", name), "utf8");

  expect(others).toEqual([]);
  expect(text).toMatch(/^section,key,value\nversion,runtime,/);
  for (const path of ["snapshots", "backups", "logs"]) {
    expect(text).toContain(`directory,${path},OK\n`);
  }
  expect(text).toContain("env,SENDGRID_API_KEY,SET\n");
  for (const value of Object.values(outside.secrets)) expect(text).not.toContain(value);
  const byHand = await cockpit.system.runJob("web", "snapshot-heartbeat");
  expect(byHand).toMatchObject({ status: "ok", details: { errors: [] } });
});

test("alerts_flush sends the six tabs by HTML mail and as alerts_update to the webhook", () => {
  const { mails, posts } = cockpit.outside;
  const updates = posts.filter(({ type }) => type === "alerts_update");
  const [alerts] = mails.filter(({ subject }) => subject.includes("alerts"));

  expect(updates).toHaveLength(1);
  expect(Object.keys(updates[0]?.payload ?? {})).toHaveLength(6);
  expect(updates[0]?.payload?.["low_stock"]).toMatchObject({
    count: 7,
    rows: [{ sku: "A0", title: "Mug 0", stock: "0" }, {}, {}, {}, {}],
  });
  expect(alerts).toMatchObject({
    subject: "Vega Cockpit alerts: 7 in 1 of 6",
    from: { email: "alerts@example.com" },
    personalizations: [{ to: [{ email: "team@example.com" }] }],
  });
  expect(alerts?.content.find(({ type }) => type === "text/html")?.value).toContain("<table");
});

test("unchanged alerts are no_change and send nothing; changed ones are sent", async () => {
  const { flush } = cockpit;
  const before = cockpit.traces();

  expect(await flush()).toMatchObject({ status: "ok", result: "no_change" });
  expect(cockpit.traces()).toEqual(before);

  stockIs(8);
  expect(await flush()).toMatchObject({ status: "ok", result: "sent", email: "ok", webhook: "ok" });
  expect(cockpit.outside.posts.at(-1)).toMatchObject({ payload: { low_stock: { count: 8 } } });
});

test("Alerts Center → Re-send latest alerts (log entry alerts_flush)", async () => {
  const { outside, flush, ops, jobsHistory } = cockpit;
  const before = outside.mails.length;

  await ops("POST", "/ops/alerts/resend", {});

  await vi.waitFor(async () => {
    const [entry] = await jobsHistory();
    expect(entry).toMatchObject({
      job: "alerts_flush",
      status: "ok",
      details: { result: "sent", input: { resend: true } },
    });
  }, WAIT);
  expect(outside.mails).toHaveLength(before + 1);
  expect(await flush()).toMatchObject({ result: "no_change" });
});

test("Daily Digest → Run Digest Now (artifacts in backups/, log entry digest_run)", async () => {
  const { outside, disk, files, jobsHistory } = cockpit;

  const record = await cockpit.digest();

  expect(record).toMatchObject({ status: "ok", actor: "manual ana", details: { email: "ok" } });
  const artifacts = record.details["artifacts"] as string[];
  expect(artifacts.map((it) => it.replace(/\d{8}_\d{6}/, "TIME"))).toEqual([
    "backups/digest_TIME.csv",
    "backups/digest_TIME.md",
    "backups/digest_TIME.txt",
  ]);
  expect(readFileSync(join(disk, artifacts[0] ?? ""), "utf8")).toContain("A1,Mug <blue>,12\n");
  expect(files("snapshots", /^digest_/)).toEqual([]);
  const [entry] = await jobsHistory();
  expect(entry).toMatchObject({ job: "digest_run", status: "ok", details: { artifacts } });
  const mail = outside.mails.at(-1);
  expect(mail?.personalizations).toEqual([{ to: [{ email: "team@example.com" }] }]);
  expect(mail?.content.find(({ type }) => type === "text/html")?.value).toContain("Mug &lt;blue");
  expect(mail?.attachments).toBeUndefined();
});

test("send latest digest mails the newest artifacts and writes none", async () => {
  const { outside, files } = cockpit;
  const before = { mails: outside.mails.length, files: files("backups", /./) };

  const record = await cockpit.digest({ latest: true });

  expect(record).toMatchObject({ status: "ok", details: { email: "ok" } });
  expect(outside.mails).toHaveLength(before.mails + 1);
  expect(files("backups", /./)).toEqual(before.files);
});

test("a digest whose mail fails is an error in Jobs History, and its artifacts stay", async () => {
  const { outside, files, jobsHistory } = cockpit;
  const before = files("backups", /^digest_/).length;

  outside.mailStatus = 403;
  const record = await cockpit.digest();
  outside.mailStatus = 202;

  expect(record).toMatchObject({ status: "failed", details: { email: "error" } });
  expect(record.error).toContain("the digest could not be mailed: HTTP 403");
  expect(files("backups", /^digest_/)).toHaveLength(before + 3);
  const [entry] = await jobsHistory();
  expect(entry).toMatchObject({ job: "digest_run", status: "error", details: { email: "error" } });
});

test("Digest Schedule toggle writes tools/.digest_disabled: the scheduler runs but is a no-op", async () => {
  const { disk, press, ops } = cockpit;
  const before = cockpit.traces();

  await press("POST", "/digest-schedule/off");
  expect(existsSync(join(disk, "tools/.digest_disabled"))).toBe(true);
  const off = await cockpit.digest();

  expect(off).toMatchObject({ status: "skipped", error: null });
  expect(String(off.details["reason"])).toContain("tools/.digest_disabled is off");
  expect(cockpit.traces()).toEqual(before);
  expect((await cockpit.smokeTests()).notOk).toContain("CHECK tools/.digest_disabled");

  const path = `/ops/toggles/${encodeURIComponent("tools/.digest_disabled")}`;
  expect(await ops("POST", path, { on: true })).toMatchObject({ on: true });
  expect((await cockpit.digest()).status).toBe("ok");
});

test("Silence Alerts writes logs/alerts_silenced.json, can be cancelled, and ends by itself", async () => {
  const { disk, press, ops, flush } = cockpit;
  stockIs(9);
  const before = cockpit.traces();

  await press("POST", "/silence?minutes=30");
  expect(existsSync(join(disk, "logs/alerts_silenced.json"))).toBe(true);
  expect(await flush()).toMatchObject({ status: "skipped", result: "silenced" });
  await press("DELETE", "/silence");
  await ops("POST", "/ops/alerts/silence", { minutes: 30, reason: "deploy" });
  expect(await flush()).toMatchObject({ status: "skipped", result: "silenced" });
  expect(cockpit.traces()).toEqual(before);
  await ops("DELETE", "/ops/alerts/silence", {});
  expect(await flush()).toMatchObject({ result: "sent" });

  stockIs(10);
  await press("POST", "/silence?minutes=0.1");
  expect(await flush()).toMatchObject({ result: "silenced" });
  await vi.waitFor(async () => expect(await flush()).toMatchObject({ result: "sent" }), WAIT);
});

test("Backup Manager → Backups Browser: download one file successfully", async () => {
  const { system, disk, ops } = cockpit;
  const { entries } = (await ops("GET", "/ops/files/backups")) as { entries: { name: string }[] };
  const name = entries.find((it) => it.name.endsWith(".csv"))?.name ?? "";

  const download = await system.ask("web", `/ops/files/backups/${name}`);

  expect(download.status).toBe(200);
  expect(await download.text()).toBe(readFileSync(join(disk, "backups", name), "utf8"));
});

test("Jobs History: new entries today, filtered by job, status and text", async () => {
  const today = new Date().toISOString().slice(0, 10);
  const entries = await cockpit.jobsHistory();
  expect(entries.some(({ ts }) => ts.startsWith(today))).toBe(true);
  const names = ["alerts_flush", "digest_run", "snapshot_heartbeat"];
  expect([...new Set(entries.map(({ job }) => job))].toSorted()).toEqual(names);

  const query = "job=digest-weekdays&status=failed&text=HTTP%20403";
  const { runs } = (await cockpit.ops("GET", `/ops/runs?${query}`)) as { runs: object[] };
  expect(runs).toMatchObject([{ status: "failed", job: "digest-weekdays" }]);
});

test("Run All Smoke Tests: overall OK", async () => {
  expect(await cockpit.smokeTests()).toEqual({ overall: "OK", notOk: [] });
  const page = await cockpit.press("GET", "/health");
  expect(await page.json()).toMatchObject({ overall: "OK" });
});

test("snapshots/backups/logs persist across a redeploy; emails log skipped if keys are missing", async () => {
  const { system, press, files, flush, jobsHistory } = cockpit;
  const kept = () => ["snapshots", "backups"].map((it) => files(it, /^(heartbeat|digest)_/));
  const before = { files: kept(), history: await jobsHistory() };
  await press("POST", "/digest-schedule/off");

  system.edit((spec) => spec.replace(/^ {6}SENDGRID_API_KEY: .*\n/m, ""));
  const said = await system.up();

  expect(said.code, said.stderr).toBe(0);
  expect(kept()).toEqual(before.files);
  expect((await jobsHistory()).slice(-before.history.length)).toEqual(before.history);
  expect((await cockpit.digest()).status).toBe("skipped");
  await press("POST", "/digest-schedule/on");
  expect(await flush()).toMatchObject({ status: "ok", result: "no_change" });
  stockIs(11);
  expect(await flush()).toMatchObject({ result: "sent", email: "skipped", webhook: "ok" });
  const emailProblem = "SENDGRID_API_KEY is not set";
  const details = { email: "skipped", emailProblem };
  expect(await cockpit.digest()).toMatchObject({ status: "ok", details });
});

test("Rollback: the previous build again, and artifacts restored from backups/; DIGEST_ATTACHMENTS attaches", async () => {
  const { system, disk, files, outside } = cockpit;
  const [name = ""] = files("backups", /^digest_.*\.txt$/);
  const text = readFileSync(join(disk, "backups", name), "utf8");

  system.edit((spec) =>
    spec.replace(
      /^ {6}DIGEST_ATTACHMENTS: .*\n/m,
      `      DIGEST_ATTACHMENTS: "yes"\n      SENDGRID_API_KEY: { secret: SENDGRID_API_KEY }\n`,
    ),
  );
  const said = await system.up();
  const put = await system.ask("web", "/ops/files/snapshots/restored.txt", {
    method: "PUT",
    body: text,
  });

  expect([said.code, put.ok]).toEqual([0, true]);
  expect(readFileSync(join(disk, "snapshots/restored.txt"), "utf8")).toBe(text);
  expect(await cockpit.digest()).toMatchObject({ status: "ok", details: { email: "ok" } });
  const attached = outside.mails.at(-1)?.attachments?.map(({ filename }) => filename) ?? [];
  expect(attached.map((it) => it.split(".").at(-1))).toEqual(["csv", "md", "txt"]);
});

test("verify finds what the acceptance criteria ask for, and no log line holds a secret", async () => {
  const { system, outside } = cockpit;
  const said = await system.opspec("verify", STACK, "--local");
  expect(said.stdout).toMatch(/ 0 failed/);
  for (const job of JOBS) expect(said.stdout).toMatch(new RegExp(`ok +job ${job} ran within`));

  const lines = await system.logs("web", "");
  const known = ["SENDGRID_API_KEY", "SHEETS_KEY"].map((name) => outside.secrets[name] ?? "");
  for (const value of known) expect(lines.join("\n")).not.toContain(value);
});

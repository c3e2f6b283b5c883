import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchHealth } from "../../testing/scratch-health.ts";
import { scratchOps } from "../../testing/scratch-ops.ts";
import { scratchDirectory } from "../../testing/scratch-directory.ts";
import type { CheckReport } from "./checks.ts";

const MANIFEST = {
  toggles: [{ name: "digests", reader: { kind: "marker" as const, path: ".digests_off" } }],
  alerts: { channels: [{ name: "ops", kind: "webhook" as const, urlEnv: "HOOK_URL" }] },
  stores: { records: { kind: "sqlite" as const, path: "state.db" } },
};
const JOBS = [
  { name: "digest", command: "true", schedule: { pattern: "0 20 * * *", timezone: "UTC" } },
  { name: "purge", command: "echo it broke; exit 1" },
  {
    name: "sync",
    command: "true",
    schedule: { pattern: "0 1 * * *", timezone: "UTC", from: { hour: "SYNC_HOUR" } },
  },
];

async function scene(manifest: object = {}) {
  const mount = scratchDirectory();
  const directory = scratchDirectory();
  mkdirSync(join(mount, "logs"));
  symlinkSync(join(mount, "logs"), join(directory, "logs"));
  mkdirSync(join(directory, "backups"));
  let now = new Date("2026-03-27T12:00:00.000Z");
  const { health } = scratchHealth({
    checks: [
      { name: "disk", kind: "ready", critical: true, probe: { kind: "disk", path: mount } },
      { name: "gone", kind: "ready", critical: true, probe: { kind: "disk", path: "/nowhere" } },
      { name: "maybe", kind: "info", probe: { kind: "disk", path: "/nowhere" } },
    ],
  });
  const disk = { mount, persist: ["logs", "backups"] };
  const ops = await scratchOps(
    {
      jobs: JOBS,
      manifest: { ...MANIFEST, disk, ...manifest },
      directory,
      env: { SYNC_HOUR: "99" },
      clock: { now: () => now },
    },
    { health },
  );
  const report = async (path = "/ops/checks", init = {}): Promise<CheckReport> =>
    JSON.parse(await (await ops.raw(path, init)).text());
  const advance = (to: string) => void (now = new Date(to));
  return { ...ops, health, report, advance };
}

function item({ items }: CheckReport, group: string, name: string): string {
  const found = items.find((it) => it.group === group && it.name === name);
  return `${found?.result}: ${found?.detail}`;
}

test("every thing that can be looked at is OK, CHECK or FAIL, and the worst is the result of all", async () => {
  const { report, ask } = await scene();
  await ask("/ops/jobs/purge/run", { method: "POST" });
  await expect.poll(async () => (await ask("/ops/runs?job=purge")).body["runs"]).toHaveLength(1);

  const found = await report("/ops/checks/run", { method: "POST" });

  expect(found.overall).toBe("FAIL");
  expect(item(found, "health", "disk")).toMatch(/^OK: ok: [\d,]+ MB free$/);
  expect(item(found, "health", "gone")).toMatch(/^FAIL/);
  expect(item(found, "health", "maybe")).toMatch(/^CHECK/);
  expect(item(found, "files", "logs")).toMatch(/^OK: is on the disk/);
  expect(item(found, "files", "backups")).toMatch(/^FAIL: the directory is not on the disk/);
  expect(item(found, "toggles", "digests")).toBe("OK: marker .digests_off says on");
  expect(item(found, "stores", "records")).toBe("OK: sqlite");
  expect(item(found, "jobs", "digest")).toBe("CHECK: never ran");
  expect(item(found, "jobs", "purge")).toMatch(/^FAIL: failed at /);
  expect(item(found, "schedules", "digest")).toMatch(/^OK: .*next at 2026-03-27T20:00:00.000Z/);
  expect(item(found, "schedules", "sync")).toMatch(/^FAIL/);
  expect(item(found, "variables", "HOOK_URL")).toBe("CHECK: MISSING");
  expect(item(found, "channels", "ops")).toBe("CHECK: webhook is skipped: a variable is not set");
  expect(item(found, "alerts", "silence")).toBe("OK: none");
});

test("a job that did not run in time and a marker that is there are seen", async () => {
  const { report, advance, directory } = await scene();
  advance("2026-03-27T21:00:00.000Z");
  writeFileSync(join(directory, ".digests_off"), "");

  const found = await report();

  expect(item(found, "jobs", "digest")).toBe("FAIL: did not run at 2026-03-27T20:00:00.000Z");
  expect(item(found, "toggles", "digests")).toBe("CHECK: marker .digests_off says off");
});

test("a variable is told as SET and its value by nothing", async () => {
  const mount = scratchDirectory();
  const ops = await scratchOps({
    manifest: { ...MANIFEST, disk: { mount, persist: [] } },
    env: { HOOK_URL: "https://hooks.example.com/planted-canary" },
  });

  const text = await (await ops.raw("/ops/checks")).text();

  expect(text).toContain('"name":"HOOK_URL","result":"OK","detail":"SET"');
  expect(text).not.toContain("planted-canary");
});

test("verify says yes or no with the commit", async () => {
  const bad = await scene();
  const good = await scratchOps({ env: { RENDER_GIT_COMMIT: "abc1234" } });

  expect(await bad.report("/ops/verify")).toMatchObject({ ok: false, git_sha: "unknown" });
  const { body } = await good.ask("/ops/verify");
  expect(body).toMatchObject({ ok: true, git_sha: "abc1234", overall: "CHECK" });
});

test("a rule that fires, and one that cannot read its source, are seen", async () => {
  const states = [
    { name: "calm", reasons: [], error: undefined },
    { name: "dead-letters", reasons: ["3 is above 0"], error: undefined },
    { name: "orders", reasons: [], error: "the metric orders has no value" },
  ];
  const ops = await scratchOps({}, { rules: () => states });

  const found = (await ops.ask("/ops/checks")).body as unknown as CheckReport;

  expect(item(found, "rules", "calm")).toBe("OK: ok");
  expect(item(found, "rules", "dead-letters")).toBe("CHECK: 3 is above 0");
  expect(item(found, "rules", "orders")).toBe(
    "FAIL: its source cannot be read: the metric orders has no value",
  );
});

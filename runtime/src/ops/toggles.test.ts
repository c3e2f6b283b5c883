import { existsSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startRedis } from "../../testing/redis.ts";
import { scratchOps } from "../../testing/scratch-ops.ts";
import { openOps } from "./app.ts";

const TOGGLES = [
  { name: "digests", reader: { kind: "marker", path: ".digests_off" } },
  { name: "reports", reader: { kind: "env", name: "REPORTS" } },
] as const;
const MANIFEST = {
  toggles: [...TOGGLES],
  stores: { records: { kind: "sqlite", path: "state.db" } },
} as const;

const turn = (on: boolean, actor?: string) => ({
  method: "POST",
  json: { on, ...(actor === undefined ? {} : { actor }) },
});

test("a marker is switched off and on, and it is told who did it and when", async () => {
  const clock = { now: () => new Date("2026-03-27T12:00:00.000Z") };
  const ops = await scratchOps({ manifest: { ...MANIFEST, toggles: [...TOGGLES] }, clock });
  const marker = join(ops.directory, ".digests_off");

  const off = await ops.ask("/ops/toggles/digests", turn(false, "manual ada"));
  const wasThere = existsSync(marker);
  const on = await ops.ask("/ops/toggles/digests", turn(true));

  expect(off.body).toMatchObject({
    name: "digests",
    on: false,
    changedBy: "manual ada",
    changedAt: "2026-03-27T12:00:00.000Z",
    canSwitch: true,
  });
  expect(wasThere).toBe(true);
  expect(on.body).toMatchObject({ on: true, changedBy: "manual ops" });
  expect(existsSync(marker)).toBe(false);
  expect((await ops.process.toggles.isOn("digests")).on).toBe(true);
});

test("who switched it is known after a restart, and forgotten when somebody else switched it since", async () => {
  const manifest = { ...MANIFEST, toggles: [...TOGGLES] };
  const first = await scratchOps({ manifest });
  await first.ask("/ops/toggles/digests", turn(false, "manual ada"));
  const { directory } = first;
  const again = await scratchOps({ manifest, directory });
  const digests = async () => {
    const { body } = await again.ask("/ops/toggles");
    return (body["toggles"] as Record<string, unknown>[])[0];
  };

  expect(await digests()).toMatchObject({ on: false, changedBy: "manual ada" });
  await first.ask("/ops/toggles/digests", turn(true, "manual ada"));
  writeFileSync(join(directory, ".digests_off"), "");
  expect(await digests()).toMatchObject({ on: false, changedBy: null });
  expect((await digests())?.["changedAt"]).toMatch(/^\d{4}-/);
});

test("a marker that is a link to the disk stays a link", async () => {
  const ops = await scratchOps({ manifest: { ...MANIFEST, toggles: [...TOGGLES] } });
  const disk = join(ops.directory, "disk");
  mkdirSync(disk);
  const link = join(ops.directory, ".digests_off");
  symlinkSync(join(disk, ".digests_off"), link);

  await ops.ask("/ops/toggles/digests", turn(false));
  const isOff = existsSync(join(disk, ".digests_off"));
  await ops.ask("/ops/toggles/digests", turn(true));

  expect(isOff).toBe(true);
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(existsSync(join(disk, ".digests_off"))).toBe(false);
});

test("a toggle of a Redis is switched for all who look there", async () => {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const toggles = [
    { name: "sync", reader: { kind: "redis" as const, urlEnv: "REDIS_URL", key: "toggle:sync" } },
  ];
  const ops = await scratchOps({ manifest: { toggles }, env: { REDIS_URL: redis.url } });

  const on = await ops.ask("/ops/toggles/sync", turn(true, "manual ada"));
  const off = await ops.ask("/ops/toggles/sync", turn(false, "manual ada"));

  expect([on.body["on"], off.body["on"]]).toEqual([true, false]);
  expect(off.body["changedBy"]).toBe("manual ada");
});

test("a toggle that stands elsewhere is not switched from here, and a name that is none is told", async () => {
  const ops = await scratchOps({ manifest: { ...MANIFEST, toggles: [...TOGGLES] } });

  const env = await ops.ask("/ops/toggles/reports", turn(true));
  const none = await ops.ask("/ops/toggles/nothing", turn(true));
  const body = await ops.ask("/ops/toggles/digests", { method: "POST", json: { on: "yes" } });

  expect([env.status, env.body["error"]]).toEqual([
    409,
    '"reports" is read from an environment variable: switch it there',
  ]);
  expect([none.status, none.body["error"]]).toEqual([
    404,
    'there is no toggle "nothing"; there are: digests, reports',
  ]);
  expect(body.status).toBe(400);
});

test("the change is a line of the log with who made it", async () => {
  const ops = await scratchOps({ manifest: { ...MANIFEST, toggles: [...TOGGLES] } });
  const lines: unknown[] = [];
  const log = ops.process.log.child({});
  log.info = (...what: unknown[]) => void lines.push(what);
  const { fetch } = openOps({ ...ops.process, log });

  await fetch(
    new Request("http://localhost/ops/toggles/digests", {
      method: "POST",
      headers: { "x-ops-token": "ops-secret-of-a-test" },
      body: JSON.stringify({ on: false, actor: "manual ada" }),
    }),
  );

  expect(lines).toContainEqual([
    { actor: "manual ada", did: "switch a toggle", toggle: "digests", on: false },
    "ops change",
  ]);
});

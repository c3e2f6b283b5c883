import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import {
  type BackupBody,
  type Chorizaurio,
  execute,
  openChorizaurio,
  SEED_USERS,
  SERVICE,
  sha256Of,
  unhasten,
  valuesIn,
} from "./chorizaurio-scene.ts";
import { WAIT } from "./system-scene.ts";

/** chorizaurio's runbook, claim by claim. Each test continues from the previous one. */
let shop: Chorizaurio;

beforeAll(async () => {
  shop = await openChorizaurio();
});

afterAll(() => shop?.close());

const ORDERS = "SELECT nota FROM pedidos ORDER BY id";

const backupsDir = (): string => join(shop.disk, "backups");

const liveDatabase = (): string => join(shop.disk, "ventas.db");

const pulledFiles = (): string[] => readdirSync(shop.pc).filter((name) => name.endsWith(".db"));

const changeLive = (statement: string): void => execute(liveDatabase(), statement);

test("Seed database: used only if DB missing; on startup the migrations run and are recorded", async () => {
  expect((await shop.json("/api/usuarios"))["usuarios"]).toHaveLength(SEED_USERS);
  expect(await shop.json("/api/admin/migrations")).toEqual({
    registered: ["001_create_pedidos", "002_create_ofertas"],
    executed: ["001_create_pedidos", "002_create_ofertas"],
    pending: [],
    failed: [],
  });
  const lines = await shop.system.logs(SERVICE, "migration 00");
  expect(lines.join("\n")).toContain("migration 002_create_ofertas: executed");
});

test("Check GET /api/admin/backup-status for scheduler state: a startup backup was made", async () => {
  await shop.ended("backup-periodic", "ok", { reason: "startup" });

  expect(await shop.json("/api/admin/backup-status")).toMatchObject({
    scheduler: {
      enabled: true,
      running: true,
      retention_count: 10,
      writable: true,
      jobs: [
        { name: "backup-aligned", next_run: expect.any(String) },
        { name: "backup-periodic", next_run: expect.any(String) },
      ],
    },
    latest_backup: { filename: expect.stringMatching(/^ventas_\d{8}_\d{6}(_\d+)?\.db$/) },
  });
});

test("Create backup now: all rows of the live WAL database, while orders come in", async () => {
  for (const nota of ["uno", "dos", "tres"]) expect(await shop.order(nota)).toBe(201);

  const statuses = await shop.whileOrdering(() => shop.backupNow({ actor: "manual ana" }));

  expect([...statuses]).toEqual([201]);
  expect(existsSync(`${liveDatabase()}-wal`)).toBe(true);
  const { details } = await shop.ended("backup-now", "ok", { reason: "admin_trigger:ana" });
  const file = join(backupsDir(), String(details["file"]));
  expect(valuesIn(file, ORDERS).slice(0, 3)).toEqual(["uno", "dos", "tres"]);
  expect(valuesIn(file, "SELECT count(*) FROM usuarios")).toEqual([SEED_USERS]);
});

test("List backups, newest first, and download a specific backup", async () => {
  const body = await shop.json("/api/admin/backups");
  const names = (body["backups"] as BackupBody[]).map(({ filename }) => filename);
  const answer = await shop.system.ask(SERVICE, `/api/admin/backups/${names[0]}`);
  const bytes = Buffer.from(await answer.arrayBuffer());

  expect(names).toEqual(names.toSorted().toReversed());
  expect(body).toMatchObject({ total_count: names.length, retention_count: 10 });
  expect(answer.headers.get("content-type")).toBe("application/octet-stream");
  expect(bytes.length).toBe(Number(answer.headers.get("content-length")));
  expect(sha256Of(bytes)).toBe(answer.headers.get("x-checksum-sha256"));
});

test("only with Authorization: Bearer $TOKEN; a bad name is a 404; other admin paths are the app's", async () => {
  const link = join(backupsDir(), "ventas_20260101_000000.db");
  symlinkSync(liveDatabase(), link);

  expect(await shop.statusOf("/api/admin/backups", null)).toBe(401);
  expect(await shop.statusOf("/api/admin/backups", "wrong")).toBe(401);
  for (const name of ["ventas_20260101_000000.db", "..%2Fventas.db", "ventas_.db", "x.db"]) {
    expect(await shop.statusOf(`/api/admin/backups/${name}`), name).toBe(404);
  }
  expect(await shop.json("/api/admin/reportes")).toEqual({ answeredBy: "the app" });
  rmSync(link);
});

test("Scheduler: backups are made periodically, at the PC's time however young the last is, and verified", async () => {
  await shop.ended("backup-periodic", "ok", { reason: "periodic", integrity: "ok" });
  await shop.ended("backup-aligned", "ok", { reason: "aligned_schedule", integrity: "ok" });
  await shop.ended("backup-verify", "ok", { outcome: "ok" });
});

test("GET /health tells of the database, and it and /api/health are always 200", async () => {
  const healthy = { status: "healthy", database: "ok", database_type: "sqlite" };
  for (const path of ["/health", "/api/health"]) {
    expect(await shop.statusOf(path, null)).toBe(200);
    // The check of backups started before the first backup, and runs again after its interval.
    await vi.waitFor(async () => expect(await shop.json(path)).toMatchObject(healthy), WAIT);
  }
});

test("a redeploy keeps orders, backups and uploads, the seed is not used again, and a start soon after a backup makes none", async () => {
  mkdirSync(join(shop.disk, "uploads"));
  writeFileSync(join(shop.disk, "uploads", "foto.jpg"), "a picture");
  const [orders, { filename }] = [await shop.orders(), await shop.backupNow()];
  shop.system.edit(unhasten);

  const said = await shop.system.up();

  expect(said.code).toBe(0);
  await shop.ended("backup-periodic", "skipped", { reason: "startup" });
  expect(await shop.orders()).toEqual(orders);
  expect((await shop.json("/api/usuarios"))["usuarios"]).toHaveLength(SEED_USERS);
  expect(readdirSync(backupsDir())).toContain(filename);
  expect(readdirSync(join(shop.disk, "uploads"))).toEqual(["foto.jpg"]);
  const { scheduler } = await shop.json("/api/admin/backup-status");
  expect(scheduler).toMatchObject({
    interval_hours: 6,
    jobs: [{ next_run: expect.stringMatching(/T01:00:00\.000Z$/) }, {}],
  });
});

test("Rotation: the oldest are deleted beyond BACKUP_RETAIN_COUNT, and nothing but backups", async () => {
  const { filename } = await shop.backupNow();
  const old = Array.from({ length: 12 }, (_, n) => `ventas_202501${10 + n}_220000.db`);
  const others = ["notas.txt", "otra_20250101_000000.db", "ventas_20250101_000000.db.gz"];
  for (const name of [...old, ...others]) {
    copyFileSync(join(backupsDir(), filename), join(backupsDir(), name));
  }

  await shop.backupNow();

  const names = readdirSync(backupsDir());
  // The newest ten, and possibly the backup of the last successful restore drill, which is never removed.
  expect([10, 11]).toContain((await shop.drills()).length);
  expect(names).not.toContain(old[0]);
  expect(names).toContain(filename);
  expect(names.filter((name) => others.includes(name))).toEqual(others);
});

test("Windows PC pull: downloads the latest backup, skips it if present, keeps 10 and writes a log", async () => {
  const first = await shop.pull();
  const [newest = ""] = pulledFiles();
  const second = await shop.pull();
  for (let day = 10; day < 20; day += 1) {
    writeFileSync(join(shop.pc, `ventas_202401${day}_220000.db`), "old");
  }
  await shop.backupNow();
  const third = await shop.pull();

  expect([first.code, second.code, third.code], first.text).toEqual([0, 0, 0]);
  expect(second.text).toContain(`skipped ${newest}`);
  expect(valuesIn(join(shop.pc, newest), "PRAGMA integrity_check")).toEqual(["ok"]);
  expect(pulledFiles()).toHaveLength(10);
  expect(readFileSync(join(shop.pc, "opspec-pull.log"), "utf8")).toContain("sha256 verified");
});

test("PC pull: exit 1 on auth, list and download failure, and what is there stays", async () => {
  const before = readdirSync(shop.pc);
  const auth = await shop.pull({ OPSPEC_PULL_TOKEN: "wrong" });
  const list = await shop.pull({ OPSPEC_PULL_URL: "http://127.0.0.1:9" });
  const { filename } = await shop.backupNow();
  writeFileSync(join(backupsDir(), filename), Buffer.alloc(100));
  const download = await shop.pull();
  rmSync(join(backupsDir(), filename));

  expect([auth.code, list.code, download.code]).toEqual([1, 1, 1]);
  expect(auth.text).toContain("HTTP 401");
  expect(list.text).toContain("the service was not reached");
  expect(download.text).toContain("its sha256 is not the one that the service lists");
  expect(readdirSync(shop.pc)).toEqual(before);
});

test("Restore from backup: while the app runs, with a proper safety backup and no old -wal", async () => {
  const { filename } = await shop.backupNow();
  const kept = await shop.orders();
  await shop.order("despues del respaldo");

  const record = await shop.restore(`/ops/backups/${filename}/restore`, filename);

  expect(record).toMatchObject({ status: "ok", actor: "manual ana" });
  expect(await shop.orders()).toEqual(kept);
  const safety = readdirSync(shop.disk).find((name) => name.startsWith("ventas.db.before_restore"));
  const before = valuesIn(join(shop.disk, safety ?? ""), ORDERS);
  expect(before).toEqual([...kept, "despues del respaldo"]);
  expect(await shop.order("despues de restaurar")).toBe(201);
});

test("Restore from local backup: the upload endpoint takes a file with its checksum, and a bad one changes nothing", async () => {
  const name = pulledFiles().find((file) => !file.startsWith("ventas_2024")) ?? "";
  const put = (file: string, body: Buffer<ArrayBuffer>) =>
    shop.system.ask(SERVICE, `/api/admin/backups/uploads/${file}`, {
      method: "PUT",
      body,
      headers: { "x-checksum-sha256": sha256Of(body) },
    });
  expect((await put("pc.db", readFileSync(join(shop.pc, name)))).status).toBe(201);
  expect((await put("bad.db", Buffer.from("no database at all"))).status).toBe(201);
  const present = await shop.orders();

  const bad = await shop.restore("/api/admin/backups/uploads/bad.db/restore", "bad.db");
  expect([bad.status, await shop.orders()]).toEqual(["failed", present]);
  const good = await shop.restore("/api/admin/backups/uploads/pc.db/restore", "pc.db");

  expect(good).toMatchObject({ status: "ok", details: { outcome: "restored" } });
  expect(await shop.orders()).toEqual(valuesIn(join(shop.pc, name), ORDERS));
});

test("Run pending migrations manually: the app runs them at its start, and never twice", async () => {
  changeLive("DELETE FROM migration_log WHERE name = '002_create_ofertas'");
  const { pending } = await shop.json("/api/admin/migrations");
  expect(pending).toEqual(["002_create_ofertas"]);

  const run = await shop.json("/api/admin/migrations/run", { method: "POST" });
  const again = await shop.json("/api/admin/migrations/run", { method: "POST" });

  expect(run).toEqual({ success: true, executed: ["002_create_ofertas"], count: 1 });
  expect(again).toEqual({ success: true, executed: [], count: 0 });
});

test("Migration stuck: the status shows a failed one, and manual SQL marks it as complete", async () => {
  const failed = "('003_x', 0, 'no such table: x')";
  changeLive(`INSERT INTO migration_log (name, success, error_message) VALUES ${failed}`);
  expect(await shop.json("/api/admin/migrations")).toMatchObject({
    failed: [{ name: "003_x", error: "no such table: x" }],
  });

  changeLive("UPDATE migration_log SET success = 1 WHERE name = '003_x'");

  expect(await shop.json("/api/admin/migrations")).toMatchObject({ failed: [], pending: [] });
});

test("a backup that fails is a 503, leaves the older ones alone and is told to who is on call", async () => {
  renameSync(backupsDir(), `${backupsDir()}.away`);
  writeFileSync(backupsDir(), "in the way");

  const answer = await shop.post("/api/admin/backup-now");
  rmSync(backupsDir());
  renameSync(`${backupsDir()}.away`, backupsDir());

  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ code: "SERVICE_UNAVAILABLE" });
  expect((await shop.json("/api/admin/backups"))["total_count"]).toBeGreaterThan(5);
  await vi.waitFor(() => {
    const told = JSON.stringify(shop.alerts);
    if (!told.includes("backup-now")) throw new Error(told);
  }, WAIT);
});

test("FORCE_DB_RECREATE is refused in production, and BACKUP_ENABLED=false leaves backups by hand", async () => {
  const orders = await shop.orders();
  shop.system.edit((spec) => spec.replace("FORCE_DB_RECREATE: false", "FORCE_DB_RECREATE: true"));
  const refused = await shop.system.up();
  shop.system.edit((spec) =>
    spec
      .replace("FORCE_DB_RECREATE: true", "FORCE_DB_RECREATE: false")
      .replace("BACKUP_ENABLED: true", "BACKUP_ENABLED: false")
      .replace("BACKUP_RETAIN_COUNT: 10", "BACKUP_RETAIN_COUNT: 3"),
  );
  const said = await shop.system.up();

  expect(refused.code).not.toBe(0);
  expect(`${refused.stdout}${refused.stderr}`).toContain("FORCE_DB_RECREATE");
  expect(said.code, said.stderr).toBe(0);
  expect(await shop.orders()).toEqual(orders);
  await shop.ended("backup-periodic", "skipped", { toggle: "backups" });
  await shop.backupNow();
  // The newest three, and the backup of the last successful restore drill, which is never removed.
  expect((await shop.drills()).slice(3)).toEqual(["ok"]);
  const { scheduler } = await shop.json("/api/admin/backup-status");
  expect(scheduler).toMatchObject({ enabled: false, retention_count: 3 });
});

import { createHash } from "node:crypto";
import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { PULL_TOKEN, scratchBackups } from "../../../testing/scratch-backups.ts";
import { errorBody, humanSize } from "./ops-bodies.ts";

const ADMIN = "/api/admin";

type Body = Record<string, never> & Record<string, unknown>;

async function bodyOf(answer: Response): Promise<Body> {
  return (await answer.json()) as Body;
}

test("backup-now takes a verified backup and tells it in the words of the admin page", async () => {
  const { ask, directory } = await scratchBackups();

  const answer = await ask("POST", `${ADMIN}/backup-now`);

  expect(answer.status).toBe(200);
  const { success, backup } = await bodyOf(answer);
  expect(success).toBe(true);
  expect(backup).toEqual({
    filename: expect.stringMatching(/^ventas_\d{8}_\d{6}\.db$/),
    path: expect.stringContaining(join(directory, "backups")),
    size: expect.any(Number),
    size_human: expect.stringMatching(/^\d+\.\d KB$/),
    created_at: expect.stringMatching(/Z$/),
    reason: "admin_trigger:admin",
    checksum_md5: expect.stringMatching(/^[0-9a-f]{32}$/),
    integrity: "ok",
  });
});

test("who takes a backup by hand may say who he is", async () => {
  const { ask } = await scratchBackups();

  const body = JSON.stringify({ actor: "manual ana" });
  const answer = await ask("POST", `${ADMIN}/backup-now`, { body });

  expect((await bodyOf(answer))["backup"]).toMatchObject({ reason: "admin_trigger:ana" });
});

test("a backup by hand is taken although the automatic ones are switched off", async () => {
  const { ask } = await scratchBackups({ env: { BACKUP_ENABLED: "false" } });

  expect((await ask("POST", `${ADMIN}/backup-now`)).status).toBe(200);
  const { scheduler } = await bodyOf(await ask("GET", `${ADMIN}/backup-status`));
  expect(scheduler).toMatchObject({ enabled: false });
});

test("backup-now answers 503 when no backup was made", async () => {
  const { ask, database } = await scratchBackups();
  rmSync(database);

  const answer = await ask("POST", `${ADMIN}/backup-now`);

  expect(answer.status).toBe(503);
  expect(await bodyOf(answer)).toMatchObject({
    error: expect.stringContaining("there is no such database"),
    code: "SERVICE_UNAVAILABLE",
  });
});

test("the list has the newest first and says where, how many and how often", async () => {
  const { ask, directory } = await scratchBackups();
  for (const day of ["05", "06", "04"]) {
    writeFileSync(join(directory, "backups", `ventas_202601${day}_220000.db`), "rows");
  }
  writeFileSync(join(directory, "backups", "otra_20260109_220000.db"), "another's");

  const body = await bodyOf(await ask("GET", `${ADMIN}/backups`));

  expect(body).toEqual({
    backups: ["06", "05", "04"].map((day) =>
      expect.objectContaining({ filename: `ventas_202601${day}_220000.db`, size_human: "4 B" }),
    ),
    total_count: 3,
    backup_dir: join(directory, "backups"),
    retention_count: 3,
    interval_hours: 6,
  });
});

test("a backup is downloaded as it is, with its length and its checksum", async () => {
  const { ask } = await scratchBackups();
  const taken = await ask("POST", `${ADMIN}/backup-now`);
  const { backup } = (await taken.json()) as { backup: Record<string, string> };
  const { filename, checksum_md5 } = backup;

  const answer = await ask("GET", `${ADMIN}/backups/${filename}`);
  const bytes = Buffer.from(await answer.arrayBuffer());

  expect(answer.headers.get("content-type")).toBe("application/octet-stream");
  expect(answer.headers.get("content-length")).toBe(String(bytes.length));
  expect(answer.headers.get("content-disposition")).toBe(`attachment; filename="${filename}"`);
  expect(answer.headers.get("cache-control")).toContain("no-store");
  expect(createHash("md5").update(bytes).digest("hex")).toBe(checksum_md5);
  expect(answer.headers.get("x-checksum-sha256")).toBe(
    createHash("sha256").update(bytes).digest("hex"),
  );
});

test("a name that is no backup's is a 404: traversal, a link, another prefix, a note", async () => {
  const { ask, directory, database } = await scratchBackups();
  const backups = join(directory, "backups");
  symlinkSync(database, join(backups, "ventas_20260101_000000.db"));
  writeFileSync(join(backups, "otra_20260101_000000.db"), "another's");
  writeFileSync(join(backups, "ventas_20260102_000000.db.json"), "{}");

  for (const name of [
    "ventas_20260101_000000.db",
    "otra_20260101_000000.db",
    "ventas_20260102_000000.db.json",
    "ventas_20300101_000000.db",
    "..%2Fventas.db",
    "ventas_..%2F..%2Fventas.db",
    "%2e%2e%2fventas.db",
    "..%5cventas.db",
    "ventas_20260101_000000.db%00",
    "%E0%A4%A",
  ]) {
    const answer = await ask("GET", `${ADMIN}/backups/${name}`);
    expect(answer.status, name).toBe(404);
    expect(await answer.text(), name).not.toContain("SQLite");
  }
});

test("the status tells what the scheduler does, the latest backup and five more at most", async () => {
  const { ask, directory } = await scratchBackups();
  for (let day = 1; day <= 7; day += 1) {
    writeFileSync(join(directory, "backups", `ventas_2026010${day}_220000.db`), "rows");
  }

  const { scheduler, latest_backup, total, preview } = await bodyOf(
    await ask("GET", `${ADMIN}/backup-status`),
  );

  expect(scheduler).toEqual({
    enabled: true,
    running: true,
    interval_hours: 6,
    retention_count: 3,
    backup_dir: join(directory, "backups"),
    writable: true,
    jobs: [
      {
        name: "periodic",
        schedule: expect.stringContaining("6"),
        next_run: expect.stringMatching(/Z$/),
        last_run: null,
        last_status: null,
      },
    ],
  });
  expect(latest_backup).toMatchObject({ filename: "ventas_20260107_220000.db" });
  expect(total).toBe(7);
  expect(preview).toHaveLength(5);
});

test("migrations are told from the app's own table, with its failures, and those not run yet", async () => {
  const migrate = { kind: "sqlite", path: "ventas.db", directory: "none", owner: "app" } as const;
  const { ask, database } = await scratchBackups({ migrate });
  const none = await bodyOf(await ask("GET", `${ADMIN}/migrations`));
  using open = new DatabaseSync(database);
  open.exec(
    "CREATE TABLE migration_log (id INTEGER PRIMARY KEY, name TEXT UNIQUE, executed_at TEXT, success INTEGER, error_message TEXT)",
  );
  open.exec(
    "INSERT INTO migration_log VALUES (1, '001_a', '2026-01-01', 1, NULL), (2, '002_b', '2026-01-01', 0, 'no such column: x')",
  );

  const body = await bodyOf(await ask("GET", `${ADMIN}/migrations`));

  expect(none).toEqual({ registered: [], executed: [], pending: [], failed: [] });
  expect(body).toEqual({
    registered: ["001_a", "002_b"],
    executed: ["001_a"],
    pending: [],
    failed: [{ name: "002_b", error: "no such column: x" }],
  });
});

test("system-info tells of the database, the disk and the backups, and no value of a variable", async () => {
  const { ask, database } = await scratchBackups({ env: { APP_VERSION: "1.2.3" } });

  const answer = await ask("GET", `${ADMIN}/system-info`);
  const text = await answer.text();

  expect(JSON.parse(text)).toMatchObject({
    system: "shop",
    environment: "production",
    version: "1.2.3",
    database: { path: database, size: expect.any(Number) },
    disk: { free: expect.any(Number) },
    backups: { total: 0, latest: null },
  });
  expect(text).not.toContain(PULL_TOKEN);
});

test("errors have a text, a code, a time and the id of the request, which is echoed", async () => {
  const { ask } = await scratchBackups();
  const headers = { authorization: "Bearer wrong", "x-request-id": "req-1" };

  const answer = await ask("GET", `${ADMIN}/backups`, { headers });

  expect(answer.status).toBe(401);
  expect(answer.headers.get("x-request-id")).toBe("req-1");
  expect(await bodyOf(answer)).toEqual({
    error: "the token is wrong",
    code: "UNAUTHORIZED",
    timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
    request_id: "req-1",
  });
});

test("without a token it is a 401, with another method a 405, and the token of calls is a 403", async () => {
  const { fetch, ask } = await scratchBackups({ env: { OPSPEC_CALL_TOKEN: "call-token" } });

  const bare = await fetch(new Request(`http://localhost${ADMIN}/backups`));
  expect([bare.status, (await bodyOf(bare))["code"]]).toEqual([401, "UNAUTHORIZED"]);
  const wrong = await ask("DELETE", `${ADMIN}/backups`);
  expect([wrong.status, (await bodyOf(wrong))["code"]]).toEqual([405, "METHOD_NOT_ALLOWED"]);
  const call = await ask("GET", `${ADMIN}/backups`, {
    headers: { authorization: "Bearer call-token" },
  });
  expect([call.status, (await bodyOf(call))["code"]]).toEqual([403, "FORBIDDEN"]);
});

test("the token of the shop's PC lists and downloads, and takes no backup", async () => {
  const { ask } = await scratchBackups();
  const headers = { authorization: `Bearer ${PULL_TOKEN}` };

  expect((await ask("GET", `${ADMIN}/backups`, { headers })).status).toBe(200);
  expect((await ask("POST", `${ADMIN}/backup-now`, { headers })).status).toBe(401);
  expect((await ask("GET", `${ADMIN}/system-info`, { headers })).status).toBe(401);
});

test("the 21st request of a client in a minute is a 429, and a minute later it is answered", async () => {
  let now = new Date("2026-01-06T22:00:00Z");
  const { ask } = await scratchBackups({ clock: { now: () => now } });
  const statuses: number[] = [];
  for (let request = 0; request < 21; request += 1) {
    statuses.push((await ask("GET", `${ADMIN}/backups`)).status);
  }

  expect(statuses.filter((it) => it === 200)).toHaveLength(20);
  const refused = await ask("GET", `${ADMIN}/backups`);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "60"]);
  expect((await bodyOf(refused))["code"]).toBe("RATE_LIMITED");
  const other = await ask("GET", `${ADMIN}/backups`, {
    headers: { "x-forwarded-for": "10.0.0.9" },
  });
  expect(other.status).toBe(200);
  now = new Date(now.getTime() + 60_000);
  expect((await ask("GET", `${ADMIN}/backups`)).status).toBe(200);
});

test("sizes are told as people read them, and unknown statuses have a code too", () => {
  expect([0, 1023, 1024, 1536, 5 * 1024 ** 2, 3 * 1024 ** 4].map(humanSize)).toEqual([
    "0 B",
    "1023 B",
    "1.0 KB",
    "1.5 KB",
    "5.0 MB",
    "3.0 TB",
  ]);
  expect(errorBody({ status: 418, message: "no" }, "x")).toMatchObject({ code: "HTTP_418" });
});

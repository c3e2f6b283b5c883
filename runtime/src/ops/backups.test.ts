import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { nodeListener } from "../http.ts";
import {
  PULL_TOKEN,
  type BackupsOptions,
  type ScratchBackups,
  scratchBackups,
} from "../../testing/scratch-backups.ts";

const PULL = fileURLToPath(new URL("../../pull/opspec-pull.mts", import.meta.url));

/** Jobs for everything that can be done with backups. */
const ALL_JOBS: BackupsOptions["jobs"] = [
  { name: "take" },
  {
    name: "drill",
    uses: "backup-verify",
    options: { directory: "backups", prefix: "ventas_", minBytes: 1 },
  },
  {
    name: "restore",
    uses: "sqlite-restore",
    options: { database: "ventas.db", directory: "backups", tables: ["usuarios"], uploadMaxMb: 1 },
  },
];

function people({ database }: ScratchBackups): unknown[] {
  using open = new DatabaseSync(database);
  return open
    .prepare("SELECT name FROM usuarios ORDER BY id")
    .all()
    .map(({ name }) => name);
}

function change({ database }: ScratchBackups): void {
  using open = new DatabaseSync(database);
  open.exec("UPDATE usuarios SET name = 'nobody'");
}

/** Starts a run and waits for its record. */
async function ran({ ask }: ScratchBackups, path: string, body: object = {}) {
  const started = await ask("POST", path, { body: JSON.stringify(body) });
  const { runId } = (await started.json()) as { runId: string };
  expect([200, 202]).toContain(started.status);
  let record: Record<string, unknown> = {};
  await expect
    .poll(
      async () => {
        const answer = await ask("GET", `/ops/runs/${runId}`);
        record = (await answer.json()) as Record<string, unknown>;
        return answer.status;
      },
      { timeout: 30_000 },
    )
    .toBe(200);
  return record as Record<string, unknown> & { details: Record<string, unknown> };
}

async function listed({ ask }: ScratchBackups) {
  const { sets } = (await (await ask("GET", "/ops/backups")).json()) as {
    sets: (Record<string, unknown> & { backups: Record<string, unknown>[] })[];
  };
  return sets;
}

test("a backup is taken by the job that is meant for it, and listed once for the jobs that share it", async () => {
  const scene = await scratchBackups();

  const record = await ran(scene, "/ops/backups", { actor: "manual ana" });
  const sets = await listed(scene);

  expect(record).toMatchObject({ job: "by-hand", status: "ok", actor: "manual ana" });
  expect(sets).toEqual([
    {
      job: "periodic",
      jobs: ["periodic", "by-hand"],
      directory: join(scene.directory, "backups"),
      prefix: "ventas_",
      keep: 3,
      verifiedBy: null,
      restoredBy: null,
      backups: [
        expect.objectContaining({
          filename: record.details["file"],
          reason: "admin_trigger:ana",
          sha256: record.details["sha256"],
          integrity: "ok",
          rows: { usuarios: 2 },
        }),
      ],
    },
  ]);
});

test("where there are several databases one says which, and where there are none it is a 404", async () => {
  const options = { database: "ventas.db", directory: "backups" };
  const jobs: BackupsOptions["jobs"] = [
    { name: "one", options: { ...options, prefix: "one_" } },
    { name: "two", options: { ...options, prefix: "two_" } },
    { name: "other", uses: "command", command: "true", options: undefined },
  ];
  const scene = await scratchBackups({ jobs });
  const none = await scratchBackups({ jobs: [] });
  const take = (body: object) => scene.ask("POST", "/ops/backups", { body: JSON.stringify(body) });

  expect(await (await take({})).text()).toContain("one, two");
  expect((await take({ job: "other" })).status).toBe(400);
  expect((await take({ job: "three" })).status).toBe(404);
  expect((await ran(scene, "/ops/backups", { job: "two" })).details["file"]).toMatch(/^two_/);
  expect((await none.ask("POST", "/ops/backups")).status).toBe(404);
});

test("a backup is verified, and the list tells of its restore drill", async () => {
  const scene = await scratchBackups({ jobs: ALL_JOBS });
  const taken = await ran(scene, "/ops/backups");
  const file = String(taken.details["file"]);

  const record = await ran(scene, `/ops/backups/${file}/verify`, { actor: "manual ana" });
  const [set] = await listed(scene);

  expect(record).toMatchObject({ job: "drill", status: "ok", actor: "manual ana" });
  expect(set).toMatchObject({ verifiedBy: "drill", restoredBy: "restore" });
  expect(set?.backups[0]).toMatchObject({ drill: { outcome: "ok", runId: record["runId"] } });
  const unknown = await scene.ask("POST", "/ops/backups/ventas_20200101_000000.db/verify");
  expect(unknown.status).toBe(404);
});

test("a backup is restored when its name is said twice, and the database of before is kept", async () => {
  const scene = await scratchBackups({ jobs: ALL_JOBS });
  const file = String((await ran(scene, "/ops/backups")).details["file"]);
  change(scene);
  const path = `/ops/backups/${file}/restore`;
  const unconfirmed = await scene.ask("POST", path, { body: '{"confirm":"yes"}' });

  const record = await ran(scene, path, { confirm: file, actor: "manual ana" });

  expect(unconfirmed.status).toBe(400);
  expect(record).toMatchObject({ status: "ok", details: { input: { backup: file } } });
  expect(people(scene)).toEqual(["ana", "bruno"]);
  expect(people({ ...scene, database: String(record.details["safetyCopy"]) })).toEqual([
    "nobody",
    "nobody",
  ]);
});

test("a database is uploaded with its checksum and restored", async () => {
  const scene = await scratchBackups({ jobs: ALL_JOBS });
  const { details } = await ran(scene, "/ops/backups");
  const bytes = readFileSync(join(scene.directory, "backups", String(details["file"])));
  change(scene);
  const send = (name: string, body: Uint8Array<ArrayBuffer>, sha256: string) =>
    scene.ask("PUT", `/ops/backups/uploads/${name}?actor=manual%20ana`, {
      body,
      headers: sha256 ? { "x-checksum-sha256": sha256 } : {},
    });
  const sha256 = createHash("sha256").update(bytes).digest("hex");

  const sent = await send("from-the-pc.db", bytes, sha256);
  const record = await ran(scene, "/ops/backups/uploads/from-the-pc.db/restore", {
    confirm: "from-the-pc.db",
  });

  expect(sent.status).toBe(201);
  expect(await sent.json()).toMatchObject({ sha256, by: "manual ana", restoredBy: "restore" });
  expect(record).toMatchObject({ job: "restore", status: "ok" });
  expect(people(scene)).toEqual(["ana", "bruno"]);
  expect((await send("a.db", bytes, "")).status).toBe(400);
  expect((await send("a.db", bytes, "0".repeat(64))).status).toBe(400);
  expect((await send("a.txt", bytes, sha256)).status).toBe(400);
  expect((await send("..%2Fa.db", bytes, sha256)).status).toBe(400);
  expect((await send("a.db", Buffer.alloc(1024 * 1024 + 1), sha256)).status).toBe(413);
  expect(readdirSync(join(scene.directory, "backups", "uploads")).toSorted()).toEqual([
    "from-the-pc.db",
    "from-the-pc.db.receipt.json",
  ]);
});

test("what no job is declared for is refused with what is missing", async () => {
  const scene = await scratchBackups();
  const file = String((await ran(scene, "/ops/backups")).details["file"]);

  const verified = await scene.ask("POST", `/ops/backups/${file}/verify`);
  const restored = await scene.ask("POST", `/ops/backups/${file}/restore`, {
    body: JSON.stringify({ confirm: file }),
  });
  const sent = await scene.ask("PUT", "/ops/backups/uploads/a.db", { body: "rows" });

  expect([verified.status, restored.status, sent.status]).toEqual([409, 409, 404]);
  expect(await restored.text()).toContain("uses: sqlite-restore");
});

test("the PC pulls what the service has, and nothing the second time", async () => {
  const scene = await scratchBackups();
  const { details } = await ran(scene, "/ops/backups");
  const server = createServer(nodeListener(scene.fetch));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const pc = mkdtempSync(join(tmpdir(), "opspec-pc-"));
  onTestFinished(() => {
    server.close();
    rmSync(pc, { recursive: true, force: true });
  });
  const { port } = server.address() as AddressInfo;
  const pull = () => pulled(["--url", `http://127.0.0.1:${port}`, "--directory", pc]);

  const [first, second] = [await pull(), await pull()];

  const name = String(details["file"]);
  expect(first).toContain(`downloaded ${name}`);
  expect(second).toContain(`skipped ${name}`);
  expect(readdirSync(pc)).toEqual(["opspec-pull.log", name]);
  using copy = new DatabaseSync(join(pc, name), { readOnly: true });
  expect(copy.prepare("SELECT count(*) AS n FROM usuarios").get()).toEqual({ n: 2 });
});

/** Another process, because this one has to answer it. */
async function pulled(args: readonly string[]): Promise<string> {
  const env = { PATH: process.env["PATH"], OPSPEC_PULL_TOKEN: PULL_TOKEN };
  const child = spawn(process.execPath, [PULL, ...args], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => void (text += part));
  const [code]: unknown[] = await once(child, "close");
  expect(code, text).toBe(0);
  return text;
}

test("of restores that are asked for at once one is done, the others say why not, and the database is whole", async () => {
  const scene = await scratchBackups({ jobs: ALL_JOBS });
  const file = String((await ran(scene, "/ops/backups")).details["file"]);
  change(scene);
  const restore = () => ran(scene, `/ops/backups/${file}/restore`, { confirm: file });

  const records = await Promise.all([restore(), restore(), restore()]);

  expect(records.map(({ status }) => status).toSorted()).toEqual(["ok", "skipped", "skipped"]);
  expect(people(scene)).toEqual(["ana", "bruno"]);
});

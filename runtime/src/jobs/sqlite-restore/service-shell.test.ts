import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { jobContext } from "../../../testing/job-context.ts";
import { PATIENCE_MS, startSupervised, type Supervised } from "../../../testing/supervised.ts";
import { work as backUpSqlite } from "../sqlite-backup/work.ts";
import { scratchDirectory } from "../../../testing/scratch-directory.ts";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));

/** An app that keeps its database open and tells how many users it has. */
const APP = `
  import { DatabaseSync } from "node:sqlite";
  import { createServer } from "node:http";
  const database = new DatabaseSync("ventas.db");
  database.exec("PRAGMA journal_mode = WAL");
  const count = database.prepare("SELECT count(*) AS n FROM usuarios");
  createServer((_, response) => response.end(String(count.get().n)))
    .listen(process.env.PORT, "127.0.0.1");
  process.on("SIGTERM", () => process.exit(0));`;

test(
  "in the shell of the service, run refuses beside the live app and says to call, and call restores",
  { timeout: 3 * PATIENCE_MS },
  async () => {
    const directory = scratchDirectory();
    const backup = await withBackup(directory);
    const supervised = await startService(directory);
    await expect.poll(() => users(supervised), { timeout: PATIENCE_MS }).toBe("5");
    const input = ["restore", "--by", "ana", "--input", `backup=${backup}`];

    const run = await shell(supervised, ["run", ...input]);
    expect(run).toMatchObject({
      code: 75,
      record: {
        status: "failed",
        error: expect.stringContaining(
          `has it open. Nothing was restored. Stop it first, or let the service that supervises the app do all steps: opspec-runtime call restore --input backup=${backup}.`,
        ),
      },
    });
    expect(await users(supervised)).toBe("5");

    const call = await shell(supervised, ["call", ...input]);

    expect(call).toMatchObject({
      code: 0,
      record: {
        status: "ok",
        actor: "manual ana",
        details: { outcome: "restored", backup, app: "restarted" },
      },
    });
    expect(await users(supervised)).toBe("3");
  },
);

/** A backup of three users in a database that has five by now. */
async function withBackup(directory: string): Promise<string> {
  using database = new DatabaseSync(join(directory, "ventas.db"));
  database.exec(`PRAGMA journal_mode = WAL; CREATE TABLE usuarios (id INTEGER);
    INSERT INTO usuarios VALUES (1), (2), (3)`);
  const options = { database: "ventas.db", directory: "backups" };
  const { details } = await backUpSqlite(jobContext({ directory, options }));
  database.exec("INSERT INTO usuarios VALUES (4), (5)");
  return String(details["file"]);
}

function startService(directory: string): Promise<Supervised> {
  const options = { database: "ventas.db", directory: "backups" };
  const job = { name: "restore", uses: "sqlite-restore", startedBy: "schedule" as const, options };
  return startSupervised({
    directory,
    argv: [process.execPath, "--input-type=module", "-e", APP],
    manifest: { jobs: [job] },
  });
}

async function users({ get }: Supervised): Promise<string> {
  const { status, text: said } = await get("/");
  return status === 200 ? said : `HTTP ${status}`;
}

interface Typed {
  readonly code: unknown;
  readonly record: Readonly<Record<string, unknown>> | undefined;
}

/** What a person types in a shell of the instance, with the service's own environment. */
async function shell({ url, directory }: Supervised, args: readonly string[]): Promise<Typed> {
  const child = spawn(process.execPath, ["--no-warnings", MAIN, ...args], {
    cwd: directory,
    env: {
      PATH: process.env["PATH"],
      PORT: new URL(url).port,
      OPSPEC_MANIFEST: join(directory, "opspec-manifest.json"),
      OPSPEC_OPS_TOKEN: "ops-token-of-a-test",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, "close")]);
  const lines: Record<string, unknown>[] = output
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
  return { code, record: lines.find(({ msg }) => msg === "run") };
}

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { onTestFinished } from "vitest";
import type { ManifestApp } from "../src/contract/app.ts";
import type { ManifestJob } from "../src/contract/job.ts";
import type { FetchHandler } from "../src/http.ts";
import { openOps } from "../src/ops/app.ts";
import type { OpenProcess } from "../src/run/open-process.ts";
import { scratchProcess } from "./scratch-process.ts";

const OPS_TOKEN = "ops-token-of-a-test";
export const PULL_TOKEN = "pull-token-of-a-test";

/** Options of a process with a database. */
export interface BackupsOptions {
  readonly jobs?: readonly (Partial<ManifestJob> & Pick<ManifestJob, "name">)[];
  readonly env?: Readonly<Record<string, string>>;
  readonly migrate?: ManifestApp["migrate"];
  readonly clock?: OpenProcess["clock"];
}

/** A process with chorizaurio's database, backup jobs and paths, and a client. */
export interface ScratchBackups {
  readonly process: OpenProcess;
  readonly directory: string;
  /** Path of the database; it has a table of people with two rows. */
  readonly database: string;
  /** Sends a request, by default with the operators' token. */
  ask(method: string, path: string, init?: RequestInit): Promise<Response>;
  fetch: FetchHandler;
}

/** Opens a process with its ops paths. */
export async function scratchBackups(options: BackupsOptions = {}): Promise<ScratchBackups> {
  const directory = mkdtempSync(join(tmpdir(), "opspec-backups-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  mkdirSync(join(directory, "backups"));
  const database = join(directory, "ventas.db");
  using open = new DatabaseSync(database);
  open.exec("PRAGMA journal_mode = WAL; CREATE TABLE usuarios (id INTEGER PRIMARY KEY, name TEXT)");
  open.exec("INSERT INTO usuarios (name) VALUES ('ana'), ('bruno')");
  const backup = { database: "ventas.db", directory: "backups", prefix: "ventas_", keep: 3 };
  const jobs = options.jobs ?? [
    {
      name: "periodic",
      schedule: { everySeconds: 21_600, timezone: "UTC" },
      toggles: ["backups"],
    },
    { name: "by-hand" },
  ];
  const { process } = await scratchProcess({
    directory,
    jobs: jobs.map((job) => ({ uses: "sqlite-backup", options: backup, ...job })),
    manifest: {
      health: { preset: "chorizaurio" },
      toggles: [{ name: "backups", reader: { kind: "env", name: "BACKUP_ENABLED" } }],
      app: { graceSeconds: 10, ...(options.migrate ? { migrate: options.migrate } : {}) },
    },
    env: {
      OPSPEC_OPS_TOKEN: OPS_TOKEN,
      BACKUP_PULL_TOKEN: PULL_TOKEN,
      BACKUP_ENABLED: "true",
      ...options.env,
    },
    ...(options.clock ? { clock: options.clock } : {}),
  });
  const { fetch } = openOps(process);
  const ask: ScratchBackups["ask"] = async (method, path, { headers, ...init } = {}) => {
    const sent = new Headers(headers);
    if (!sent.has("authorization")) sent.set("authorization", `Bearer ${OPS_TOKEN}`);
    const url = `http://localhost${path}`;
    return fetch(new Request(url, { ...init, method, headers: sent }));
  };
  return { process, directory, database, ask, fetch };
}

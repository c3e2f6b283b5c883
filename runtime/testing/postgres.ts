import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { Client } from "pg";

import { findProgram } from "../../scripts/bootstrap/test-programs.ts";
import { type ServerProcess, startServer, unprivileged } from "./server-process.ts";

/** The only user, a superuser. The server trusts loopback, so any password is accepted. */
const USER = "opspec";

/** A password that tests search for in texts that must not contain a URL. */
export const POSTGRES_PASSWORD = "pass-of-postgres";

/** No durability, which no test needs, and enough connections for tests with many processes. */
const SETTINGS = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  max_connections: "200",
  shared_buffers: "16MB",
  unix_socket_directories: "",
  listen_addresses: "127.0.0.1",
  logging_collector: "off",
};

/** The Postgres of one test file. */
export interface TestPostgres extends ServerProcess {
  /** URL of the maintenance database. */
  readonly url: string;
  /** Creates an empty database and returns its URL, so that tests are independent. */
  freshDatabase(): Promise<string>;
}

/** Starts a Postgres in a new directory, as an unprivileged user when this process is root. */
export async function startPostgres(): Promise<TestPostgres> {
  const executable = findProgram("postgres");
  if (executable === undefined) throw new Error("postgres: not installed");
  const server = await startServer({
    name: "postgres",
    command: async ({ port, directory }) => {
      const data = join(directory, "data");
      await initialize(join(dirname(executable), "initdb"), data);
      const settings = Object.entries({ ...SETTINGS, port }).flatMap(([name, value]) => [
        "-c",
        `${name}=${value}`,
      ]);
      return [executable, "-D", data, ...settings];
    },
    isReady: (port) => answers(urlOf(port, "postgres")),
    // Immediate shutdown: the postmaster ends its children and does not wait for clients.
    stopSignal: "SIGQUIT",
  });
  const url = urlOf(server.port, "postgres");
  return {
    ...server,
    url,
    freshDatabase: async () => {
      const name = `test_${randomUUID().replaceAll("-", "")}`;
      await query(url, `CREATE DATABASE ${name}`);
      return urlOf(server.port, name);
    },
  };
}

/** Runs one statement on a new connection. */
export async function query(
  url: string,
  text: string,
  values: unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text, values)).rows;
  } finally {
    await client.end();
  }
}

async function initialize(initdb: string, data: string): Promise<void> {
  const options = ["--no-sync", "--no-instructions", "-A", "trust", "-U", USER];
  const child = spawn(initdb, [...options, "-E", "UTF8", "--locale=C", "-D", data], {
    stdio: ["ignore", "ignore", "pipe"],
    cwd: dirname(data),
    ...unprivileged(),
  });
  let said = "";
  child.stderr.on("data", (text: Buffer) => (said += text.toString()));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`initdb failed (${code}): ${said.trim()}`);
}

async function answers(url: string): Promise<boolean> {
  try {
    await query(url, "SELECT 1");
    return true;
  } catch {
    return false;
  }
}

function urlOf(port: number, database: string): string {
  return `postgres://${USER}:${POSTGRES_PASSWORD}@127.0.0.1:${port}/${database}`;
}

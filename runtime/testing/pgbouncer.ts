import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { findProgram } from "../../scripts/bootstrap/test-programs.ts";
import { query, type TestPostgres } from "./postgres.ts";
import { type ServerProcess, startServer } from "./server-process.ts";

/** A pgbouncer in front of a test's Postgres. */
export interface TestPgbouncer extends ServerProcess {
  /** The same database through the pooler. */
  urlThrough(databaseUrl: string): string;
}

/** Starts a pgbouncer that accepts every user of that Postgres. */
export async function startPgbouncer(options: {
  postgres: TestPostgres;
  poolMode: "session" | "transaction" | "statement";
}): Promise<TestPgbouncer> {
  const { postgres, poolMode } = options;
  const executable = findProgram("pgbouncer");
  if (executable === undefined) throw new Error("pgbouncer: not installed");
  const server = await startServer({
    name: "pgbouncer",
    command: async ({ port, directory }) => {
      const file = join(directory, "pgbouncer.ini");
      const user = new URL(postgres.url).username;
      const settings = [
        "[databases]",
        `* = host=127.0.0.1 port=${postgres.port} user=${user}`,
        "[pgbouncer]",
        "listen_addr = 127.0.0.1",
        `listen_port = ${port}`,
        "unix_socket_dir =",
        "auth_type = any",
        `pool_mode = ${poolMode}`,
        "ignore_startup_parameters = extra_float_digits,options,statement_timeout,lock_timeout",
      ];
      writeFileSync(file, `${settings.join("\n")}\n`);
      return [executable, file];
    },
    isReady: async (port) => {
      const answer = query(through(postgres.url, port), "SELECT 1");
      return await answer.then(
        () => true,
        () => false,
      );
    },
    // "Immediate shutdown"; SIGINT would wait for clients.
    stopSignal: "SIGTERM",
  });
  return { ...server, urlThrough: (url) => through(url, server.port) };
}

function through(url: string, port: number): string {
  const pooled = new URL(url);
  pooled.port = String(port);
  return pooled.href;
}

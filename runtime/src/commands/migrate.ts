import { basename } from "node:path";
import { parseArgs } from "node:util";
import type { RuntimeManifest } from "../contract/manifest.ts";
import { createLogger } from "../log.ts";
import { migratePostgres, type PostgresMigration } from "../databases/migrate/postgres.ts";
import { type Env, valueOf } from "../contract/env.ts";
import { loadManifest } from "../contract/load-manifest.ts";
import { resolveSecretFiles } from "../contract/secret-file.ts";
import {
  readArguments,
  type RuntimeCommand,
  UsageError,
  usageLine,
  stopOnSignals,
} from "./command.ts";

/** Variable of the direct URL of a database; the usual one may lead through a pooler. */
const DIRECT_URL = "MIGRATION_DATABASE_URL";
const USUAL_URL = "DATABASE_URL";

/** Longest wait for the lock, in seconds. */
const WAIT_VARIABLE = "MIGRATION_LOCK_TIMEOUT_SECONDS";

/** Runs a migration under a lock, for a pre-deploy command or an entrypoint. */
export const migrate: RuntimeCommand = {
  name: "migrate",
  usage:
    "[--app <name>] [--url-env <variable>] [--wait <seconds>] [--at-head <command>] [--allow-pooler-address] -- <command…>",
  summary:
    "runs a command while it holds the migration lock of its Postgres; exits with the code of the command, or 75 when the lock is not free in time",
  async run(args, environment) {
    const { migration, manifest } = migrationOf(args, environment);
    const env = resolveSecretFiles(environment, new Set([migration.urlEnv]));
    const log = createLogger({ manifest, env, name: "migrate" });
    const { signal } = stopOnSignals();
    return await migratePostgres(migration, { env, directory: process.cwd(), log, signal });
  },
};

function migrationOf(
  args: readonly string[],
  env: Env,
): { migration: PostgresMigration; manifest: RuntimeManifest | undefined } {
  const { values, positionals } = readArguments(migrate, () =>
    parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        app: { type: "string" },
        "url-env": { type: "string" },
        wait: { type: "string" },
        "at-head": { type: "string" },
        "allow-pooler-address": { type: "boolean" },
      },
    }),
  );
  if (positionals.length === 0) throw new UsageError(usageLine(migrate));
  const isDirect = valueOf(env, DIRECT_URL) ?? valueOf(env, `${DIRECT_URL}_FILE`);
  const manifest = manifestOf(env);
  const migration = {
    app: values.app ?? manifest?.system ?? basename(process.cwd()),
    urlEnv: values["url-env"] ?? (isDirect === undefined ? USUAL_URL : DIRECT_URL),
    argv: positionals,
    atHead: values["at-head"],
    waitSeconds:
      waitOf(values.wait, "--wait") ?? waitOf(valueOf(env, WAIT_VARIABLE), WAIT_VARIABLE),
    allowPoolerAddress: values["allow-pooler-address"],
  };
  return { migration, manifest };
}

function waitOf(text: string | undefined, where: string): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new UsageError(
    `${where}: expected a number of seconds, got "${text}". Write for example 600.`,
  );
}

/** A pre-deploy command may run in a process that has none. */
function manifestOf(env: Env): RuntimeManifest | undefined {
  return valueOf(env, "OPSPEC_MANIFEST") === undefined ? undefined : loadManifest(env);
}

import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { UsageError } from "../../infra/errors.ts";
import { busyMessage } from "./hold.ts";
import { isAlive } from "./local-cloud.ts";
import { PROJECT } from "./plugin-project.ts";

/**
 * A lock file of the engine's file backend. @see
 * https://github.com/pulumi/pulumi/blob/v3.259.0/pkg/backend/diy/lock.go
 */
const Lock = z.object({
  pid: z.int(),
  username: z.string(),
  hostname: z.string(),
  timestamp: z.string(),
});

/**
 * Removes the locks and the torn files of a killed engine of this host.
 *
 * Only file backends have readable locks; other backends manage their own.
 *
 * @throws UsageError with the holder, when a live process holds the lock
 */
export function clearDeadLocks(
  backendUrl: string,
  stack: string,
  log: (line: string) => void,
): void {
  if (!backendUrl.startsWith("file://")) return;
  const root = join(backendPath(backendUrl), ".pulumi");
  const directory = join(root, "locks", "organization", PROJECT, stack);
  for (const file of filesIn(directory)) {
    const path = join(directory, file);
    const lock = readLock(path);
    if (!lock) continue;
    const { pid, username, hostname: host, timestamp } = lock;
    const owner = `${username}@${host} (process ${pid}, since ${timestamp})`;
    if (host !== hostname() || isAlive(pid)) {
      throw new UsageError(
        host === hostname()
          ? busyMessage(stack, { pid, startedAt: timestamp })
          : `${stack}: locked by ${owner}. Wait for it; if it no longer runs, remove its lock with: rm ${path}.`,
      );
    }
    rmSync(path, { force: true });
    log(`Removed a lock on ${stack}, left by ${owner}, which no longer runs.`);
  }
  const states = join(root, "stacks", PROJECT);
  removeTornAttributes(states, stack);
  refuseTornState(join(states, `${stack}.json`), stack);
}

/** @throws UsageError when the state is not whole, with the way to its previous version */
function refuseTornState(path: string, stack: string): void {
  if (!existsSync(path) || readJson(path) !== undefined) return;
  const backup = `${path}.bak`;
  const remedy =
    readJson(backup) === undefined
      ? `Restore it from a backup of the backend, or from ${join(path, "../../../backups", PROJECT, stack)}`
      : `Restore the previous version with: cp ${backup} ${path}`;
  throw new UsageError(
    `${stack}: its state in ${path} is damaged and cannot be read. ${remedy}. Then run opspec refresh ${stack}.`,
  );
}

/**
 * Removes an empty attributes file of a state, which a killed engine leaves behind.
 *
 * The engine writes a state to a new file and renames it, but writes its content type in place. An
 * empty attributes file makes the state unreadable ("failed to load checkpoint: EOF"); a missing
 * one does not.
 *
 * @see https://github.com/google/go-cloud/blob/master/blob/fileblob/attrs.go
 */
function removeTornAttributes(directory: string, stack: string): void {
  const attributes = filesIn(directory).filter(
    (it) => it.startsWith(`${stack}.json`) && it.endsWith(".attrs"),
  );
  for (const file of attributes) {
    const path = join(directory, file);
    if (readJson(path) === undefined) rmSync(path, { force: true });
  }
}

function filesIn(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}

/** Reads a lock; a partly written or just removed one is left to the engine. */
function readLock(path: string): z.infer<typeof Lock> | undefined {
  return Lock.safeParse(readJson(path)).data;
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

function backendPath(url: string): string {
  const path = url.slice("file://".length);
  return path.startsWith("/") ? fileURLToPath(url) : path.replace(/^~/, process.env["HOME"] ?? "~");
}

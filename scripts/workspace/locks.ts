import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { UsageError } from "../../infra/errors.ts";
import { isAlive } from "./local-cloud.ts";

/** What the engine's file backend writes into a lock. @see https://github.com/pulumi/pulumi/blob/v3.259.0/pkg/backend/diy/lock.go */
const Lock = z.object({
  pid: z.int(),
  username: z.string(),
  hostname: z.string(),
  timestamp: z.string(),
});

/**
 * Clears what a killed engine of this host left locked.
 *
 * Only file backends keep locks that can be looked at; any other backend answers for itself.
 *
 * @throws UsageError when somebody else holds the lock, with who it is
 */
export function clearDeadLocks(
  backendUrl: string,
  stack: string,
  log: (line: string) => void,
): void {
  if (!backendUrl.startsWith("file://")) return;
  const directory = join(
    backendPath(backendUrl),
    ".pulumi",
    "locks",
    "organization",
    "opspec",
    stack,
  );
  if (!existsSync(directory)) return;
  for (const file of readdirSync(directory)) {
    const path = join(directory, file);
    const lock = readLock(path);
    if (!lock) continue;
    const { pid, username, hostname: host, timestamp } = lock;
    const owner = `${username}@${host} (process ${pid}, since ${timestamp})`;
    if (host !== hostname() || isAlive(pid)) {
      throw new UsageError(
        `${stack}: is locked by ${owner}. Wait for it, or clear the lock with: pulumi cancel --stack ${stack}.`,
      );
    }
    rmSync(path, { force: true });
    log(`Cleared a lock on ${stack}, left by ${owner}, which no longer runs.`);
  }
}

/** A lock that can be read; one that is being written or has just gone is the engine's to judge. */
function readLock(path: string): z.infer<typeof Lock> | undefined {
  try {
    return Lock.safeParse(JSON.parse(readFileSync(path, "utf8"))).data;
  } catch {
    return undefined;
  }
}

function backendPath(url: string): string {
  const path = url.slice("file://".length);
  return path.startsWith("/") ? fileURLToPath(url) : path.replace(/^~/, process.env["HOME"] ?? "~");
}

import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { isCode } from "../stores/line-file.ts";
import { isGone, ownIdentity, type ProcessIdentity } from "./process-identity.ts";

/** What a holder says of itself; the file's time is its last sign of life. */
interface Heartbeat {
  readonly ttlMs: number;
  readonly process?: ProcessIdentity | undefined;
}

/** Says that we live, before anything is taken. */
export function beginHeartbeat(directory: string, token: string, ttlMs: number): void {
  mkdirSync(join(directory, "alive"), { recursive: true });
  const heartbeat: Heartbeat = { ttlMs, process: ownIdentity() };
  writeFileSync(heartbeatPath(directory, token), JSON.stringify(heartbeat), { flag: "wx" });
}

/** False when somebody has removed it, taking us for gone. */
export function beat(directory: string, token: string): boolean {
  const now = new Date();
  try {
    utimesSync(heartbeatPath(directory, token), now, now);
    return true;
  } catch (error) {
    if (isCode(error, "ENOENT")) return false;
    throw error;
  }
}

export function endHeartbeat(directory: string, token: string): void {
  rmSync(heartbeatPath(directory, token), { force: true });
}

/** Whether a holder has not shown itself within its time, or is known to have ended. */
export function hasStopped(directory: string, token: string): boolean {
  const path = heartbeatPath(directory, token);
  try {
    // We wrote it ourselves, but a crash may have left it empty.
    const heartbeat = JSON.parse(readFileSync(path, "utf8") || "null") as Heartbeat | null;
    if (heartbeat === null) return true;
    const silenceMs = Date.now() - statSync(path).mtimeMs;
    if (silenceMs > heartbeat.ttlMs) return true;
    return heartbeat.process !== undefined && isGone(heartbeat.process);
  } catch (error) {
    if (isCode(error, "ENOENT")) return true;
    throw error;
  }
}

function heartbeatPath(directory: string, token: string): string {
  return join(directory, "alive", token);
}

import { errorCode } from "../../contract/error-code.ts";
import { setTimeout as sleep } from "node:timers/promises";

/** How often it is looked whether a group has ended. */
const POLL_MS = 25;

/** After SIGKILL a group is gone in an instant, unless nobody reaps it; it is not waited for longer. */
const KILLED_WAIT_MS = 1_000;

/** Sends a signal to every process of a group; false when there is none any more. */
export function signalGroup(groupId: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-groupId, signal);
  } catch (error) {
    if (errorCode(error) === "ESRCH") return false;
    // EPERM: the group is there, and one of its processes belongs to somebody else by now.
    if (errorCode(error) === "EPERM") return true;
    throw error;
  }
}

/** Asks a group to end, and makes it end after the grace. Returns when it is gone. */
export async function endGroup(groupId: number, graceMs: number): Promise<void> {
  if (!signalGroup(groupId, "SIGTERM")) return;
  // A stopped process cannot act on SIGTERM before it goes on.
  signalGroup(groupId, "SIGCONT");
  if (await isGoneWithin(groupId, graceMs)) return;
  signalGroup(groupId, "SIGKILL");
  await isGoneWithin(groupId, KILLED_WAIT_MS);
}

async function isGoneWithin(groupId: number, limitMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  while (signalGroup(groupId, 0)) {
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) return false;
    await sleep(Math.min(POLL_MS, leftMs));
  }
  return true;
}

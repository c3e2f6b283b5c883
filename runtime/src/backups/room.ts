import { statfs } from "node:fs/promises";
import { JobFailure } from "../jobs/definition.ts";

/** Left free for the app beside what is written: neither a backup nor a restore must fill the disk. */
const MARGIN_BYTES = 16 * 1024 * 1024;

/** What is to be written where; `what` names it in the message, such as `a backup`. */
export interface Need {
  readonly directory: string;
  readonly bytes: number;
  readonly what: string;
  readonly remedy: string;
}

/** Refuses to begin what cannot be finished for want of room on the disk. */
export async function ensureRoom({ directory, bytes, what, remedy }: Need): Promise<void> {
  const room = await roomIn(directory);
  if (room >= bytes) return;
  const [needed, free] = [bytes + MARGIN_BYTES, room + MARGIN_BYTES];
  throw new JobFailure(`${directory}: ${what} needs ${needed} bytes, got ${free}. ${remedy}`);
}

/** How many bytes may be written into a directory; negative when what is free is the app's. */
export async function roomIn(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize - MARGIN_BYTES;
}

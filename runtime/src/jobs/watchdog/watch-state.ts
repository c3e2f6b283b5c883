import { readFile } from "node:fs/promises";
import * as z from "zod/mini";
import { replaceFile } from "../file.ts";

/** What a watchdog remembers between two looks. */
export interface WatchState {
  /** In a row. */
  readonly failures: number;
  /** When the last restart began, ISO 8601 in UTC; null when there was none. */
  readonly restartedAt: string | null;
}

const WatchState = z.object({
  failures: z.int().check(z.minimum(0)),
  restartedAt: z.nullable(z.iso.datetime()),
});

/** A watchdog that has seen nothing. */
export const NOTHING_SEEN: WatchState = { failures: 0, restartedAt: null };

/** The state of the last look; what cannot be read counts as nothing seen, so that it restarts nothing. */
export async function readWatchState(path: string): Promise<WatchState> {
  try {
    return WatchState.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return NOTHING_SEEN;
  }
}

/** Keeps the state for the next look. */
export async function writeWatchState(path: string, state: WatchState): Promise<void> {
  await replaceFile(path, `${JSON.stringify(state)}\n`);
}

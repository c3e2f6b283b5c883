import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import * as z from "zod/mini";
import type { ManifestToggle } from "../contract/source.ts";
import type { ProcessContext, ProcessStores } from "../run/process.ts";
import type { ToggleChange } from "./toggle-switch.ts";

/** Under which it is remembered who switched what. */
const MEMORY = "ops-toggles";

const Changes = z.record(
  z.string(),
  z.object({ on: z.boolean(), by: z.string(), at: z.iso.datetime() }),
);

/** The last change of each toggle. Without a store for records they last as long as the process. */
const unstored = new WeakMap<ProcessStores, Record<string, ToggleChange>>();

/** Who switched each toggle last, where that was done from here. */
export async function toggleChanges(
  process: ProcessStores,
): Promise<Readonly<Record<string, ToggleChange>>> {
  const memory = await process.memory();
  if (!memory) return unstored.get(process) ?? {};
  return Changes.safeParse(await memory.read(MEMORY)).data ?? {};
}

/** Remembers a change. Two changes in one moment by two processes may leave one of them. */
export async function noteToggleChange(
  process: ProcessStores,
  name: string,
  change: ToggleChange,
): Promise<void> {
  const changes = { ...(await toggleChanges(process)), [name]: change };
  const memory = await process.memory();
  if (memory) await memory.write(MEMORY, changes);
  else unstored.set(process, changes);
}

/** When and by whom a toggle came to be as it is. */
export interface LastChange {
  readonly changedAt: string | null;
  readonly changedBy: string | null;
}

/**
 * The change that explains a toggle's state. A marker that somebody else made tells its own time; of
 * any other change from elsewhere nothing is known.
 */
export async function lastChange(
  { directory }: Pick<ProcessContext, "directory">,
  { reader }: ManifestToggle,
  { change, on }: { readonly change: ToggleChange | undefined; readonly on: boolean },
): Promise<LastChange> {
  if (change?.on === on) return { changedAt: change.at, changedBy: change.by };
  if (reader.kind !== "marker" || on) return { changedAt: null, changedBy: null };
  const found = await stat(resolve(directory, reader.path)).catch(() => undefined);
  return { changedAt: found?.mtime.toISOString() ?? null, changedBy: null };
}

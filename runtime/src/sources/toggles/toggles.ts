import type { ManifestSource, ManifestToggle } from "../../contract/source.ts";
import { readSource } from "../source.ts";
import { nowOf, type Row, type SourceOptions } from "../source-reading.ts";
import { makeToggle, type Toggle, type ToggleAnswer, type ToggleOptions } from "./toggle.ts";
import type { ToggleReaderOptions } from "./toggle-reader.ts";

/** Time limit of one read, in ms: a store that hangs must not delay a job for long. */
const READ_TIMEOUT_MS = 10_000;

/** Toggles in one table share a read for this long, in ms: Google allows 60 reads a minute. @see https://developers.google.com/workspace/sheets/api/limits */
const SHARED_MS = 5_000;

/** A toggle as operators see it. */
export interface ToggleState extends ToggleAnswer {
  readonly name: string;
  /** When its reader last answered, ISO 8601 in UTC; null when it never did. */
  readonly readAt: string | null;
  /** Whether the answer is a fallback. */
  readonly isInTrouble: boolean;
}

/**
 * The toggles of a process.
 *
 * Every method gives the answer of the last read. Before the first read, and when the reader does not
 * answer, that is the manifest's `whenUnreachable`.
 */
export interface Toggles {
  /** Reads the toggle first when its last read is too old. */
  isOn(name: string): Promise<ToggleAnswer>;
  /** Answers at once. A last read that is too old starts a read in the background. */
  peek(name: string): ToggleAnswer;
  /** Reads all toggles now. */
  reload(): Promise<void>;
  all(): ToggleState[];
  /** Stops the reads in progress. */
  close(): Promise<void>;
}

/** Makes the toggles of a manifest. It reads nothing yet. */
export function openToggles(
  declared: readonly ManifestToggle[] | undefined,
  options: ToggleOptions,
): Toggles {
  const stop = new AbortController();
  const tables = sharedTables({ timeoutMs: READ_TIMEOUT_MS, ...options, signal: stop.signal });
  const toggles = new Map(
    (declared ?? []).map((it) => [it.name, makeToggle(it, { ...options, ...tables.options })]),
  );
  const each = (action: (toggle: Toggle) => Promise<void>): Promise<unknown> =>
    Promise.all([...toggles.values()].map(action));
  return {
    async isOn(name) {
      const toggle = toggles.get(name);
      if (toggle?.isOld()) await toggle.read();
      return toggle?.answer() ?? unknownToggle(name);
    },
    peek(name) {
      const toggle = toggles.get(name);
      if (toggle?.isOld()) void toggle.read();
      return toggle?.answer() ?? unknownToggle(name);
    },
    async reload() {
      await each((toggle) => toggle.settled());
      tables.forget();
      await each((toggle) => toggle.read());
    },
    all: () => [...toggles].map(([name, toggle]) => stateOf(name, toggle)),
    async close() {
      stop.abort();
      await each((toggle) => toggle.settled());
    },
  };
}

function stateOf(name: string, toggle: Toggle): ToggleState {
  const at = toggle.readAt();
  const readAt = at === undefined ? null : new Date(at).toISOString();
  return { name, ...toggle.answer(), readAt, isInTrouble: toggle.isInTrouble() };
}

/** Off: nobody declared what it means. */
function unknownToggle(name: string): ToggleAnswer {
  return { on: false, reason: `there is no toggle "${name}" in the manifest` };
}

/** Reads the rows of a table once for all the toggles that ask at about the same time. */
function sharedTables(options: SourceOptions): { options: ToggleReaderOptions; forget(): void } {
  const reads = new Map<string, { readonly startedAt: number; readonly rows: Promise<Row[]> }>();
  const tableRows = (source: ManifestSource): Promise<Row[]> => {
    const key = JSON.stringify(source);
    const now = nowOf(options);
    const known = reads.get(key);
    if (known && now - known.startedAt < SHARED_MS) return known.rows;
    const rows = readSource(source, options);
    reads.set(key, { startedAt: now, rows });
    return rows;
  };
  return { options: { ...options, tableRows }, forget: () => reads.clear() };
}

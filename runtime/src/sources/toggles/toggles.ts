import type { Logger } from "pino";
import type { ManifestSource, ManifestToggle } from "../../contract/source.ts";
import type { Row } from "../row.ts";
import { readSource } from "../source.ts";
import { nowOf, type SourceDeps } from "../source-deps.ts";
import { type Switch, switchOf } from "./switch.ts";
import type { ToggleReaderDeps } from "./toggle-reader.ts";

/** Whether something is switched on, and why. */
export interface ToggleAnswer {
  readonly on: boolean;
  readonly reason: string;
}

/** A toggle as it is shown. */
export interface ToggleState extends ToggleAnswer {
  readonly name: string;
  /** When its reader last answered, ISO 8601 in UTC; null when it never did. */
  readonly readAt: string | null;
  /** Whether the answer is only what follows from not knowing better. */
  readonly isInTrouble: boolean;
}

/**
 * The toggles of a process.
 *
 * All ways to ask give the answer of the last read that ended. Before the first read and while the
 * reader does not answer it is what `whenUnreachable` declares, in each of them.
 */
export interface Toggles {
  /** The answer after a read, when the last one is too old to be believed. */
  isOn(name: string): Promise<ToggleAnswer>;
  /** The answer of the last read. One that is too old starts a read in the background. */
  peek(name: string): ToggleAnswer;
  /** Reads all of them now. */
  reload(): Promise<void>;
  all(): ToggleState[];
  /** Ends the reads that are under way. */
  close(): Promise<void>;
}

/** What toggles need: `timeoutMs` is one read's, 10 s without it. */
export interface ToggleDeps extends SourceDeps {
  readonly log: Pick<Logger, "info" | "warn">;
}

/** A job waits for its toggles, so that a store which hangs must not hold it for long. */
const READ_TIMEOUT_MS = 10_000;

/** Toggles in one table share a read for so long: Google allows 60 reads a minute. @see https://developers.google.com/workspace/sheets/api/limits */
const SHARED_MS = 5_000;

/** Makes the toggles of a manifest; nothing is read yet. */
export function openToggles(
  toggles: readonly ManifestToggle[] | undefined,
  deps: ToggleDeps,
): Toggles {
  const stop = new AbortController();
  const tables = sharedTables({ timeoutMs: READ_TIMEOUT_MS, ...deps, signal: stop.signal });
  const switches = new Map(
    (toggles ?? []).map((toggle) => [toggle.name, switchOf(toggle, { ...deps, ...tables.deps })]),
  );
  return {
    async isOn(name) {
      const found = switches.get(name);
      if (!found) return unknownToggle(name);
      if (found.isOld()) await found.read();
      return found.answer();
    },
    peek(name) {
      const found = switches.get(name);
      if (found?.isOld()) void found.read();
      return found?.answer() ?? unknownToggle(name);
    },
    async reload() {
      await Promise.all([...switches.values()].map((one) => one.settled()));
      tables.forget();
      await Promise.all([...switches.values()].map((one) => one.read()));
    },
    all: () => [...switches].map(([name, one]) => stateOf(name, one)),
    async close() {
      stop.abort();
      await Promise.all([...switches.values()].map((one) => one.settled()));
    },
  };
}

function stateOf(name: string, one: Switch): ToggleState {
  const readAt = one.readAt();
  return {
    name,
    ...one.answer(),
    readAt: readAt === undefined ? null : new Date(readAt).toISOString(),
    isInTrouble: one.isInTrouble(),
  };
}

/** Nobody declared what it means, so that it allows nothing. */
function unknownToggle(name: string): ToggleAnswer {
  return { on: false, reason: `there is no toggle "${name}" in the manifest` };
}

/** Rows of a table, read once for all the toggles that ask at about the same time. */
function sharedTables(deps: SourceDeps): { deps: ToggleReaderDeps; forget(): void } {
  const reads = new Map<string, { readonly startedAt: number; readonly rows: Promise<Row[]> }>();
  const tableRows = (source: ManifestSource): Promise<Row[]> => {
    const key = JSON.stringify(source);
    const now = nowOf(deps);
    const known = reads.get(key);
    if (known && now - known.startedAt < SHARED_MS) return known.rows;
    const rows = readSource(source, deps);
    reads.set(key, { startedAt: now, rows });
    return rows;
  };
  return { deps: { ...deps, tableRows }, forget: () => reads.clear() };
}

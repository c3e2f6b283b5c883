import type { Logger } from "pino";
import { ConfigurationError } from "../contract/configuration-error.ts";
import type { ManifestSource, ManifestToggle } from "../contract/source.ts";
import { StoreError } from "../databases/sql-database.ts";
import { readSource } from "./source.ts";
import { nowOf, type Row, SourceError, type SourceOptions } from "./source-reading.ts";
import { readToggle, type ToggleReaderOptions, type ToggleReading } from "./toggle-reader.ts";

/** Time limit of one read, in ms: a store that hangs must not delay a job for long. */
const READ_TIMEOUT_MS = 10_000;

/** Toggles in one table share a read for this long, in ms: Google allows 60 reads a minute. @see https://developers.google.com/workspace/sheets/api/limits */
const SHARED_MS = 5_000;

/** How long an answer is valid, in ms, unless the toggle says otherwise. */
const TTL_MS = 30_000;

/** How long a failed read is valid, in ms, so that the next caller does not wait for it again. */
const FAILED_TTL_MS = 5_000;

/** Whether something is switched on, and why. */
export interface ToggleAnswer {
  readonly on: boolean;
  readonly reason: string;
}

/** `timeoutMs` is the limit of one read; 10 s without it. */
export interface ToggleOptions extends SourceOptions {
  readonly log: Pick<Logger, "info" | "warn">;
}

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
  manifestToggles: readonly ManifestToggle[] | undefined,
  options: ToggleOptions,
): Toggles {
  const stop = new AbortController();
  const tables = sharedTables({ timeoutMs: READ_TIMEOUT_MS, ...options, signal: stop.signal });
  const toggles = new Map(
    (manifestToggles ?? []).map((it) => [
      it.name,
      new Toggle(it, { ...options, ...tables.options }),
    ]),
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
    all: () => [...toggles.values()].map((toggle) => toggle.state()),
    async close() {
      stop.abort();
      await each((toggle) => toggle.settled());
    },
  };
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

/** What the last read found, or why it failed. */
type Outcome = ToggleReading | { readonly failure: string };

/** One toggle with the result of its last read. */
class Toggle {
  readonly #toggle: ManifestToggle;
  readonly #options: ToggleOptions & ToggleReaderOptions;
  #outcome: Outcome = { failure: "it was not read yet" };
  #validUntil = Number.NEGATIVE_INFINITY;
  #readAt: string | null = null;
  #isInTrouble = false;
  #inProgress: Promise<void> | undefined;

  constructor(toggle: ManifestToggle, options: ToggleOptions & ToggleReaderOptions) {
    this.#toggle = toggle;
    this.#options = options;
  }

  answer(): ToggleAnswer {
    return answerOf(this.#toggle, this.#outcome);
  }

  state(): ToggleState {
    const isInTrouble = isTrouble(this.#toggle, this.#outcome);
    return { name: this.#toggle.name, ...this.answer(), readAt: this.#readAt, isInTrouble };
  }

  /** Whether the last read is too long ago. */
  isOld(): boolean {
    return nowOf(this.#options) >= this.#validUntil;
  }

  /** Reads it, or joins the read in progress. It does not reject. */
  read(): Promise<void> {
    return (this.#inProgress ??= this.#readNow().finally(() => (this.#inProgress = undefined)));
  }

  /** Waits for the read in progress. */
  async settled(): Promise<void> {
    await this.#inProgress;
  }

  async #readNow(): Promise<void> {
    this.#outcome = await outcomeOf(this.#toggle, this.#options);
    const hasFailed = "failure" in this.#outcome;
    const now = nowOf(this.#options);
    if (!hasFailed) this.#readAt = new Date(now).toISOString();
    const ttl = ttlMs(this.#toggle);
    this.#validUntil = now + (hasFailed ? Math.min(FAILED_TTL_MS, ttl) : ttl);
    if (!this.#options.signal?.aborted) this.#report();
  }

  /** Warns when a toggle gets into trouble, and logs when it is over. */
  #report(): void {
    const wasInTrouble = this.#isInTrouble;
    this.#isInTrouble = isTrouble(this.#toggle, this.#outcome);
    const fields = { toggle: this.#toggle.name, ...this.answer() };
    const { log } = this.#options;
    if (this.#isInTrouble && !wasInTrouble) log.warn(fields, "toggle is in trouble");
    if (!this.#isInTrouble && wasInTrouble) log.info(fields, "toggle is readable again");
  }
}

async function outcomeOf(toggle: ManifestToggle, options: ToggleReaderOptions): Promise<Outcome> {
  try {
    return await readToggle(toggle.reader, options);
  } catch (error) {
    return { failure: isOurs(error) ? error.message : "its reader failed" };
  }
}

/** Only our own errors are known to hold no secret. */
function isOurs(error: unknown): error is Error {
  return [SourceError, StoreError, ConfigurationError].some((it) => error instanceof it);
}

/** A marker and a variable cost nothing to read, and an operator expects a change to work at once. */
function ttlMs({ reader, ttlSeconds }: ManifestToggle): number {
  if (ttlSeconds !== undefined) return ttlSeconds * 1000;
  return reader.kind === "marker" || reader.kind === "env" ? 0 : TTL_MS;
}

function answerOf(toggle: ManifestToggle, outcome: Outcome): ToggleAnswer {
  if ("failure" in outcome) {
    return declared(toggle.whenUnreachable, outcome.failure.replace(/\.$/, ""));
  }
  const { meaning, where } = outcome;
  if (meaning === "missing") return declared(toggle.whenMissing, `${where} is not set`);
  if (meaning === "unclear") return { on: false, reason: `${where} is neither on nor off` };
  return { on: meaning === "on", reason: `${where} says ${meaning}` };
}

/** The manifest's answer; off when it has none. */
function declared(answer: "on" | "off" = "off", why: string): ToggleAnswer {
  return { on: answer === "on", reason: `${answer} as declared, because ${why}` };
}

/** A missing value is trouble, unless the manifest declares its meaning. */
function isTrouble(toggle: ManifestToggle, outcome: Outcome): boolean {
  if ("failure" in outcome) return true;
  if (outcome.meaning === "missing") return toggle.whenMissing === undefined;
  return outcome.meaning === "unclear";
}

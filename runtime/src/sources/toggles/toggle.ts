import type { Logger } from "pino";
import { ConfigurationError } from "../../contract/configuration-error.ts";
import type { ManifestToggle } from "../../contract/source.ts";
import { StoreError } from "../../databases/sql-database.ts";
import { nowOf, SourceError, type SourceOptions } from "../source-reading.ts";
import { readToggle, type ToggleReaderOptions, type ToggleReading } from "./toggle-reader.ts";

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

/** One toggle with the result of its last read. */
export interface Toggle {
  answer(): ToggleAnswer;
  /** Whether the last read is too long ago. */
  isOld(): boolean;
  /** Reads it, or joins the read in progress. It does not reject. */
  read(): Promise<void>;
  /** Waits for the read in progress. */
  settled(): Promise<void>;
  /** When the reader last answered, in ms since 1970. */
  readAt(): number | undefined;
  /** Whether the answer is a fallback. */
  isInTrouble(): boolean;
}

/** What the last read found, or why it failed. */
type Outcome = ToggleReading | { readonly failure: string };

/** Makes a toggle. It reads nothing yet. */
export function makeToggle(
  toggle: ManifestToggle,
  options: ToggleOptions & ToggleReaderOptions,
): Toggle {
  const now = () => nowOf(options);
  const report = troubleReporter(toggle, options);
  let outcome: Outcome = { failure: "it was not read yet" };
  let validUntil = Number.NEGATIVE_INFINITY;
  let readAt: number | undefined;
  let inProgress: Promise<void> | undefined;
  const read = async (): Promise<void> => {
    outcome = await outcomeOf(toggle, options);
    const hasFailed = "failure" in outcome;
    if (!hasFailed) readAt = now();
    const ttl = ttlMs(toggle);
    validUntil = now() + (hasFailed ? Math.min(FAILED_TTL_MS, ttl) : ttl);
    if (!options.signal?.aborted) report(outcome);
  };
  return {
    answer: () => answerOf(toggle, outcome),
    isOld: () => now() >= validUntil,
    read: () => (inProgress ??= read().finally(() => (inProgress = undefined))),
    settled: async () => inProgress,
    readAt: () => readAt,
    isInTrouble: () => isTrouble(toggle, outcome),
  };
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

/** Warns when a toggle gets into trouble, and logs when it is over. */
function troubleReporter(
  toggle: ManifestToggle,
  { log }: ToggleOptions,
): (outcome: Outcome) => void {
  let isInTrouble = false;
  return (outcome) => {
    const wasInTrouble = isInTrouble;
    isInTrouble = isTrouble(toggle, outcome);
    const fields = { toggle: toggle.name, ...answerOf(toggle, outcome) };
    if (isInTrouble && !wasInTrouble) log.warn(fields, "toggle is in trouble");
    if (!isInTrouble && wasInTrouble) log.info(fields, "toggle is readable again");
  };
}

/** A missing value is trouble, unless the manifest declares its meaning. */
function isTrouble(toggle: ManifestToggle, outcome: Outcome): boolean {
  if ("failure" in outcome) return true;
  if (outcome.meaning === "missing") return toggle.whenMissing === undefined;
  return outcome.meaning === "unclear";
}

import type { ManifestToggle } from "../../contract/source.ts";
import { ConfigurationError } from "../../contract/configuration-error.ts";
import { nowOf } from "../source-deps.ts";
import { SourceError } from "../source-error.ts";
import { StoreError } from "../../databases/store-error.ts";
import { readToggle, type ToggleReaderDeps, type ToggleReading } from "./toggle-reader.ts";
import type { ToggleAnswer, ToggleDeps } from "./toggles.ts";

/** How long an answer is believed when the toggle does not say it. */
const TTL_MS = 30_000;

/** How long it is believed that a reader is away: the next who asks should not wait for it again. */
const AWAY_MS = 5_000;

/** One toggle with the outcome of its last read. */
export interface Switch {
  /** What follows from the last read that ended. */
  answer(): ToggleAnswer;
  /** Whether it was never read, or too long ago. */
  isOld(): boolean;
  /** Reads it, or waits for the read that is under way. It does not fail. */
  read(): Promise<void>;
  /** Waits for the read that is under way. */
  settled(): Promise<void>;
  /** When its reader last answered, in milliseconds since 1970. */
  readAt(): number | undefined;
  /** Whether its answer is only what follows from not knowing better. */
  isInTrouble(): boolean;
}

/** What the last read brought: an answer, or why there is none. */
type Outcome = ToggleReading | { readonly away: string };

/** A toggle that was not read yet. */
export function switchOf(toggle: ManifestToggle, deps: ToggleDeps & ToggleReaderDeps): Switch {
  const now = () => nowOf(deps);
  const warnOnce = troubleReporter(toggle, deps);
  let outcome: Outcome = { away: "it was not read yet" };
  let believedUntil = Number.NEGATIVE_INFINITY;
  let readAt: number | undefined;
  let underWay: Promise<void> | undefined;
  const read = async () => {
    outcome = await outcomeOf(toggle, deps);
    const isAway = "away" in outcome;
    if (!isAway) readAt = now();
    believedUntil = now() + (isAway ? Math.min(AWAY_MS, ttlMs(toggle)) : ttlMs(toggle));
    if (!deps.signal?.aborted) warnOnce(outcome);
  };
  return {
    answer: () => answerOf(toggle, outcome),
    isOld: () => now() >= believedUntil,
    read: () => (underWay ??= read().finally(() => (underWay = undefined))),
    settled: async () => underWay,
    readAt: () => readAt,
    isInTrouble: () => isTrouble(toggle, outcome),
  };
}

async function outcomeOf(toggle: ManifestToggle, deps: ToggleReaderDeps): Promise<Outcome> {
  try {
    return await readToggle(toggle.reader, deps);
  } catch (error) {
    return { away: isOurs(error) ? error.message : "its reader failed" };
  }
}

/** Only our own errors are known to hold no secret. */
function isOurs(error: unknown): error is Error {
  return (
    error instanceof SourceError ||
    error instanceof StoreError ||
    error instanceof ConfigurationError
  );
}

/** A marker and a variable cost nothing to look at, and who sets one expects it to work at once. */
function ttlMs({ reader, ttlSeconds }: ManifestToggle): number {
  if (ttlSeconds !== undefined) return ttlSeconds * 1000;
  return reader.kind === "marker" || reader.kind === "env" ? 0 : TTL_MS;
}

function answerOf(toggle: ManifestToggle, outcome: Outcome): ToggleAnswer {
  if ("away" in outcome) {
    const on = toggle.whenUnreachable === "on";
    return { on, reason: `${onOff(on)} as declared, because ${outcome.away.replace(/\.$/, "")}` };
  }
  const { meaning, where } = outcome;
  if (meaning === "missing") {
    const on = toggle.whenMissing === "on";
    return { on, reason: `${onOff(on)} as declared, because ${where} is not set` };
  }
  if (meaning === "unclear") return { on: false, reason: `${where} is neither on nor off` };
  return { on: meaning === "on", reason: `${where} says ${meaning}` };
}

function onOff(on: boolean): string {
  return on ? "on" : "off";
}

/** Warns once when a toggle is in trouble, and says once that it is over; then the next trouble is new. */
function troubleReporter(toggle: ManifestToggle, { log }: ToggleDeps): (outcome: Outcome) => void {
  let isInTrouble = false;
  return (outcome) => {
    const wasInTrouble = isInTrouble;
    isInTrouble = isTrouble(toggle, outcome);
    const fields = { toggle: toggle.name, ...answerOf(toggle, outcome) };
    if (isInTrouble && !wasInTrouble) log.warn(fields, "toggle is in trouble");
    if (!isInTrouble && wasInTrouble) log.info(fields, "toggle is readable again");
  };
}

/** That nothing is set is trouble as long as nobody declared what it means. */
function isTrouble(toggle: ManifestToggle, outcome: Outcome): boolean {
  if ("away" in outcome) return true;
  if (outcome.meaning === "missing") return toggle.whenMissing === undefined;
  return outcome.meaning === "unclear";
}

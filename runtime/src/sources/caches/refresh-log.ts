import type { Logger } from "pino";
import type { RefreshOutcome } from "./cache-snapshot.ts";

/** Tells a refresh in one line: WARN when neither of its tries was good. */
export function logRefresh(log: Pick<Logger, "info" | "warn">, outcome: RefreshOutcome): void {
  if (outcome.result === "fail") log.warn(outcome, "refresh");
  else log.info(outcome, "refresh");
}

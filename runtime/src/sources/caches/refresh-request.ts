import type { RefreshRequest } from "./cache-snapshot.ts";

/** A run by hand is recorded as `manual <who>`. */
const BY_HAND = "manual ";

/** A run because its process starts. */
const AT_START = "start";

/** The actor of a refresh that nobody requested; see docs/sources.md. */
const SCHEDULER = "scheduler";

/** Why a refresh is made and by whom, from who started the run that makes it. */
export function refreshRequestOf(actor: string): RefreshRequest {
  if (actor.startsWith(BY_HAND)) return { trigger: "manual", actor: actor.slice(BY_HAND.length) };
  if (actor === AT_START) return { trigger: "startup", actor: "startup" };
  return { trigger: "cron", actor: SCHEDULER };
}

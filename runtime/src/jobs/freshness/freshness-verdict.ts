/** What the guardian calls the state of a deployment. */
export const FRESHNESS = [
  "OK",
  "BACKEND_DRIFT",
  "FRONTEND_DRIFT",
  "SPLIT_BRAIN",
  "UNKNOWN",
  "ERROR",
] as const;

export type Freshness = (typeof FRESHNESS)[number];

/** What one place told: its commit, that it names none, or why it did not answer. */
export type CommitAnswer =
  | { readonly commit: string }
  | { readonly commit: undefined; readonly problem?: string };

/** What was found; without a frontend there is one less to compare. */
export interface Commits {
  readonly backend: CommitAnswer;
  readonly frontend?: CommitAnswer | undefined;
  readonly main?: CommitAnswer | undefined;
}

/**
 * Which of them is behind. `ERROR`: the backend or the frontend did not answer. `SPLIT_BRAIN`: they
 * run different commits, and neither is known to be main's. `UNKNOWN`: nothing can be compared.
 * Two that are behind together are told as the backend's drift, which is deployed first.
 */
export function judgeCommits({ backend, frontend, main }: Commits): Freshness {
  const running = frontend ? [backend, frontend] : [backend];
  if (running.some((it) => "problem" in it)) return "ERROR";
  const [back, front = back] = running.map(({ commit }) => commit);
  if (back === undefined || front === undefined) return "UNKNOWN";
  const wanted = main?.commit;
  if (wanted === undefined) return isSame(back, front) ? "UNKNOWN" : "SPLIT_BRAIN";
  const isBackFresh = isSame(back, wanted);
  const isFrontFresh = isSame(front, wanted);
  if (isBackFresh) return isFrontFresh ? "OK" : "FRONTEND_DRIFT";
  return isFrontFresh || isSame(back, front) ? "BACKEND_DRIFT" : "SPLIT_BRAIN";
}

/** A short commit is the same as the long one that it begins. */
function isSame(a: string, b: string): boolean {
  const length = Math.min(a.length, b.length);
  return a.slice(0, length).toLowerCase() === b.slice(0, length).toLowerCase();
}

/** What is told and remembered of one look. */
export interface FreshnessState {
  readonly freshness: Freshness;
  /** Names of the jobs that are too old. */
  readonly stale: readonly string[];
}

/** A state with when it was told, ISO 8601 in UTC; null when nobody had to be told. */
export interface ToldState extends FreshnessState {
  readonly toldAt: string | null;
}

/** Whether all is well enough that nobody has to look: an unknown commit is no fault of a deployment. */
export function isWell({ freshness, stale }: FreshnessState): boolean {
  return (freshness === "OK" || freshness === "UNKNOWN") && stale.length === 0;
}

/** Whether somebody is told: at a change, and again while it is wrong. A first look that is well is no change. */
export function isTold(
  before: ToldState | undefined,
  state: FreshnessState,
  { now, repeatMs }: { readonly now: Date; readonly repeatMs: number },
): boolean {
  if (!before) return !isWell(state);
  if (keyOf(before) !== keyOf(state)) return true;
  if (isWell(state)) return false;
  return before.toldAt === null || now.getTime() - Date.parse(before.toldAt) >= repeatMs;
}

/** The same for equal states. */
export function keyOf({ freshness, stale }: FreshnessState): string {
  return [freshness, ...stale.toSorted()].join(",");
}

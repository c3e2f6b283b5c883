import { waitAtMost } from "../../run/timer.ts";
import type { RefreshOutcome, RefreshRequest } from "./cache-snapshot.ts";
import type { Caches } from "./caches.ts";

/** Every cache that there is. */
export const ALL_CACHES = "all";

/** A refresh may wait minutes for its second try: after this it goes on without who asked, in ms. */
const WAIT_MS = 20_000;

/** The refreshes that ended in time, and the names of those that go on. */
export interface BoundedRefresh {
  readonly refreshed: readonly RefreshOutcome[];
  readonly running: readonly string[];
}

/** The caches that somebody means who says a name, or `all`; undefined when there is none. */
export function namedCaches(
  caches: Pick<Caches, "snapshots">,
  asked: string,
): readonly string[] | undefined {
  const names = caches.snapshots().map(({ name }) => name);
  if (asked === ALL_CACHES) return names;
  return names.includes(asked) ? [asked] : undefined;
}

/** Refreshes caches at the same time for somebody who waits for the answer, but not for minutes. */
export async function refreshBounded(
  caches: Pick<Caches, "refresh">,
  names: readonly string[],
  request: RefreshRequest,
): Promise<BoundedRefresh> {
  const refreshed: RefreshOutcome[] = [];
  const refreshes = names.flatMap((name) => caches.refresh(name, request) ?? []);
  await waitAtMost(
    Promise.all(refreshes.map(async (it) => void refreshed.push(await it))),
    WAIT_MS,
  );
  const running = names.filter((name) => !refreshed.some(({ bucket }) => bucket === name));
  return { refreshed: [...refreshed], running };
}

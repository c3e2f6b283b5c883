import { NAMES_MAX } from "./reports.ts";

/** How often something happened, by the labels with which it was told. */
export interface EventCount {
  readonly labels: Readonly<Record<string, string>>;
  readonly count: number;
}

/** Events that the app reported since the process began. */
export interface EventTally {
  note(name: string, labels?: Readonly<Record<string, string>>): void;
  /** All of one name together; 0 for one that never happened. */
  total(name: string): number;
  counts(name: string): readonly EventCount[];
  names(): readonly string[];
}

/** An empty tally. */
export function createEventTally(): EventTally {
  const events = new Map<string, Map<string, EventCount>>();
  return {
    note: (name, labels = {}) => {
      if (!events.has(name) && events.size >= NAMES_MAX) return;
      const counts = events.get(name) ?? new Map<string, EventCount>();
      events.set(name, counts);
      const key = JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
      const before = counts.get(key);
      if (before || counts.size < NAMES_MAX) {
        counts.set(key, { labels, count: (before?.count ?? 0) + 1 });
      }
    },
    total: (name) => [...(events.get(name)?.values() ?? [])].reduce((sum, it) => sum + it.count, 0),
    counts: (name) => [...(events.get(name)?.values() ?? [])],
    names: () => [...events.keys()],
  };
}

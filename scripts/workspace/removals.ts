/** The state of a resource in the engine's events; secret values are masked. */
interface EventState {
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** The noun of an item of each collection. */
const NOUNS: Readonly<Record<string, (item: unknown) => string>> = {
  env: (key) => `env ${String(key)}`,
  secretFiles: (name) => `secret file ${String(name)}`,
  domains: (name) => `domain ${String(name)}`,
  envGroups: (id) => `link to env group ${String(id)}`,
  headers: (it) => `header ${memberOf(it, "name")} of ${memberOf(it, "path")}`,
  routes: (it) => `route ${memberOf(it, "source")}`,
  ipAllowList: (it) => `allowed network ${memberOf(it, "cidr")}`,
  readReplicas: (name) => `read replica ${String(name)}`,
};

/**
 * The collection items that an update removes: `env CRASH`, `secret file extra.txt`.
 *
 * A preview shows items of a list as `domains[1]`; a reviewer needs to know which domain goes.
 */
export function removedItems(old: EventState | undefined, now: EventState | undefined): string[] {
  const before = existingIn(old);
  return Object.entries(NOUNS).flatMap(([input, wordsOf]) => {
    const kept = new Set(itemsOf(now?.inputs?.[input]).map((it) => wordsOf(it)));
    return itemsOf(before[input])
      .map((it) => wordsOf(it))
      .filter((words) => !kept.has(words));
  });
}

/**
 * The inputs that exist: after an incomplete operation, those that it recorded.
 *
 * @see `existing` in infra/provider/kit/resource-calls.ts
 */
function existingIn(state: EventState | undefined): Readonly<Record<string, unknown>> {
  const mark = state?.outputs?.["opspecUnfinished"];
  const recorded = isObject(mark) ? mark["inputs"] : undefined;
  return isObject(recorded) ? recorded : (state?.inputs ?? {});
}

/** The names of a map or the items of a list; nothing of a value that is secret as a whole. */
function itemsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return isObject(value) ? Object.keys(value) : [];
}

function memberOf(item: unknown, member: string): string {
  return isObject(item) ? String(item[member]) : String(item);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

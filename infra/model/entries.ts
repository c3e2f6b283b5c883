/** Entries of a partial spec's block, without those whose value was dropped. */
export function entriesOf<Value>(
  record: Readonly<Record<string, Value | undefined>> | undefined,
): [string, NonNullable<Value>][] {
  return Object.entries(record ?? {}).flatMap(([key, value]) =>
    value === undefined || value === null ? [] : [[key, value] satisfies [string, Value]],
  );
}

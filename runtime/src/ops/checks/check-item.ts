/** `CHECK`: somebody should look at it, and nothing is broken. `FAIL`: something does not work. */
export type CheckVerdict = "OK" | "CHECK" | "FAIL";

/** One thing that was looked at, as an operator reads it in a list. */
export interface CheckItem {
  readonly group: string;
  readonly name: string;
  readonly result: CheckVerdict;
  /** What was found, in words without secrets. */
  readonly detail: string;
}

/** All that was looked at. */
export interface CheckReport {
  readonly overall: CheckVerdict;
  readonly items: readonly CheckItem[];
}

/** The worst of the items is the result of all. */
export function reportOf(items: readonly CheckItem[]): CheckReport {
  const results = new Set(items.map(({ result }) => result));
  const worst = (["FAIL", "CHECK"] as const).find((it) => results.has(it));
  return { overall: worst ?? "OK", items };
}

import { Refusal } from "../../ops/json-api/exchange.ts";

/** Refuses a name that the manifest does not declare. */
export function requireKnown(what: string, name: string, known: readonly string[]): void {
  if (!known.includes(name)) throw unknown(what, name, known);
}

/** The refusal of a name, with those that there are. */
export function unknown(what: string, name: string, known: readonly string[]): Refusal {
  const there = [...new Set(known)].toSorted().join(", ") || "none";
  return new Refusal(404, `there is no ${what} "${name}"; there are: ${there}`);
}

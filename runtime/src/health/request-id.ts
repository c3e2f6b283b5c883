import { randomUUID } from "node:crypto";

/** Long enough for a UUID with prefixes, short enough for every log line. */
const LENGTH_MAX = 128;

/** Letters, digits and what ids are written with: nothing that could end a header or a log line. */
const WELL_FORMED = /^[A-Za-z0-9][A-Za-z0-9._:+/=-]*$/;

/** The caller's id of a request when it is well formed, else a new one. */
export function requestIdOf(headers: Headers, names: readonly string[]): string {
  for (const name of names) {
    const given = headers.get(name);
    if (given !== null && given.length <= LENGTH_MAX && WELL_FORMED.test(given)) return given;
  }
  return randomUUID();
}

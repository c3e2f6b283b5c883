/** Under which the browser remembers the name; the token is kept nowhere. */
const KEY = "opspec.console.name";

/** Longest name that the server takes for an actor, without the word before it. */
const NAME_MAX = 90;

/** Who sits here, as far as he said. */
export function personName() {
  return localStorage.getItem(KEY) ?? "";
}

/** @param {string} name */
export function keepPersonName(name) {
  localStorage.setItem(KEY, name.trim().slice(0, NAME_MAX));
}

/** For whom records and log lines say that something was done. */
export function actor() {
  return `manual ${personName() || "ops"}`;
}

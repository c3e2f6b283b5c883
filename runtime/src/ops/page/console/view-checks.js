import { ask } from "./api.js";
import { attempt } from "./dialog.js";
import { badge, button, el, table, toneOf } from "./dom.js";

/** @typedef {import("./answers.d.ts").Checks} Checks */

/** All checks of this process in one list. */
export const checksView = {
  id: "checks",
  title: "Checks",
  load: () => ask("GET", "/checks"),
  /** @param {Checks} data */
  isThere: ({ items }) => items.length > 0,
  /** @param {Checks} data */
  tone: ({ overall }) => toneOf(overall),
  /** @param {() => Promise<void>} refresh */
  controls: (refresh) => [
    button(
      "Run all smoke tests",
      () =>
        attempt(
          async () => {
            const checks = /** @type {Checks} */ (await ask("POST", "/checks/run", {}));
            await refresh();
            return checks;
          },
          ({ overall, items }) => `Smoke tests: ${overall} (${countWords(items)}).`,
        ),
      { class: "primary" },
    ),
  ],
  /** @param {Checks} data */
  render: ({ overall, items }) => [
    el("p", { class: "summary" }, badge(overall, toneOf(overall)), ` ${countWords(items)}`),
    table(
      "Checks",
      ["Result", "Of", "Check", "Detail"],
      worstFirst(items).map(({ group, name, result, detail }) => [
        badge(result, toneOf(result)),
        el("span", { class: "none" }, group),
        name,
        el("span", { class: "words" }, detail ?? ""),
      ]),
    ),
  ],
};

const RESULTS = /** @type {const} */ (["FAIL", "CHECK", "OK"]);

/** Problems come first; the rest keeps its order. @param {Checks["items"]} items */
function worstFirst(items) {
  return RESULTS.flatMap((it) => items.filter(({ result }) => result === it));
}

/** @param {Checks["items"]} items */
function countWords(items) {
  const counts = RESULTS.toReversed().map(
    (it) => `${items.filter(({ result }) => result === it).length} ${it}`,
  );
  return counts.join(", ");
}

import { el } from "./dom.js";

/** @typedef {import("./dom.js").Child} Child */

/**
 * A table that becomes a list of cards on a narrow screen. The roles are written out because a
 * browser forgets that it is a table as soon as its rows are laid out in another way.
 *
 * @param {string} label what it lists, for whoever does not see it
 * @param {readonly string[]} headings
 * @param {readonly (readonly Child[])[]} rows
 */
export function table(label, headings, rows) {
  if (rows.length === 0) return el("p", { class: "none" }, "None.");
  const head = headings.map((it) => el("th", { scope: "col", role: "columnheader" }, it));
  return el(
    "table",
    { role: "table", "aria-label": label },
    el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, ...head)),
    el("tbody", { role: "rowgroup" }, ...rows.map((cells) => row(headings, cells))),
  );
}

/**
 * Names with what they are, such as the parts of a version.
 *
 * @param {readonly (readonly [name: string, value: Child])[]} named
 */
export function pairs(named) {
  const shown = named.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return el(
    "dl",
    {},
    ...shown.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]),
  );
}

/** @param {readonly string[]} headings @param {readonly Child[]} cells */
function row(headings, cells) {
  const nodes = cells.map((cell, at) =>
    el("td", { role: "cell", ...labelOf(headings[at] ?? "") }, cell),
  );
  return el("tr", { role: "row" }, ...nodes);
}

/** A column without a heading holds what can be done. @param {string} heading */
function labelOf(heading) {
  return heading === "" ? { class: "acts" } : { "data-label": heading };
}

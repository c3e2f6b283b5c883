/**
 * @typedef {"good" | "busy" | "bad" | "calm"} Tone
 * @typedef {string | number | Node | null | undefined | false} Child
 * @typedef {Readonly<Record<string, string | number | boolean | null | undefined | ((event: Event) => void)>>} Attributes
 */

/**
 * An element with children. Text is inserted as text and nothing is ever parsed as HTML, so that
 * no name, error or line of a log can bring markup or a script into the page.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} attributes
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name.replace(/^on/, ""), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) {
      node.setAttribute(name, String(value));
    }
  }
  node.append(...children.filter(isShown).map(asNode));
  return node;
}

/**
 * A word with a colour; the word alone says all, for whoever sees no colours.
 *
 * @param {string} text
 * @param {Tone} tone
 */
export function badge(text, tone) {
  return el("span", { class: `badge ${tone}` }, text);
}

/**
 * A button that is switched off while what it began is under way.
 *
 * @param {string} text
 * @param {() => Promise<unknown> | void} act
 * @param {Attributes} [attributes] `data-key` lets it keep the focus when its row is drawn again
 */
export function button(text, act, attributes = {}) {
  const node = el("button", { type: "button", ...attributes }, text);
  node.addEventListener("click", async () => {
    node.disabled = true;
    try {
      await act();
    } finally {
      node.disabled = false;
    }
  });
  return node;
}

/**
 * Draws an area again: what was unfolded stays so, and the focus stays where it was.
 *
 * @param {HTMLElement} area
 * @param {readonly Node[]} nodes
 */
export function redraw(area, nodes) {
  const unfolded = keysOf(area, "details[open][data-key]");
  const { activeElement } = document;
  const focused = area.contains(activeElement) ? keyOf(activeElement) : undefined;
  area.replaceChildren(...nodes);
  for (const details of area.querySelectorAll("details")) {
    if (unfolded.includes(details.dataset["key"])) details.open = true;
  }
  if (focused === undefined) return;
  const again = [...area.querySelectorAll("[data-key]")].find((it) => keyOf(it) === focused);
  if (again instanceof HTMLElement) again.focus();
}

/**
 * The element of the page with this id, which is in its HTML.
 *
 * @param {string} id
 */
export function byId(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error(`console.html: has no #${id}.`);
  return node;
}

/** @param {ParentNode} area @param {string} selector */
function keysOf(area, selector) {
  return [...area.querySelectorAll(selector)].map(keyOf);
}

/** @param {Element | null} node */
function keyOf(node) {
  return node instanceof HTMLElement ? node.dataset["key"] : undefined;
}

/** @param {Child} child @returns {child is string | number | Node} */
function isShown(child) {
  return child !== null && child !== undefined && child !== false;
}

/** @param {string | number | Node} child */
function asNode(child) {
  return child instanceof Node ? child : String(child);
}

/** @type {Readonly<Record<string, Tone>>} */
const TONES = {
  ok: "good",
  sent: "good",
  on: "good",
  up: "good",
  running: "busy",
  starting: "busy",
  waiting: "busy",
  check: "busy",
  held: "busy",
  suppressed: "calm",
  silenced: "calm",
  paused: "calm",
  skipped: "calm",
  off: "calm",
};

/**
 * A status in the colour of what it means; one that nobody expects is bad.
 *
 * @param {string} status
 */
export function statusBadge(status) {
  return badge(status, toneOf(status));
}

/** @param {string} status @returns {Tone} */
export function toneOf(status) {
  return TONES[status.toLowerCase()] ?? "bad";
}

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

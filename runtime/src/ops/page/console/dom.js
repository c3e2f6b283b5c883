/**
 * @typedef {"good" | "busy" | "bad" | "calm"} Tone
 * @typedef {string | number | Node | null | undefined | false} Child
 * @typedef {Readonly<Record<string, string | number | boolean | null | undefined | ((event: Event) => void)>>} Attributes
 */

/**
 * Creates an element with children. Text is inserted as text and never parsed as HTML, so that no
 * name, error or log line can add markup or a script.
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
 * A status badge; its text alone is sufficient without the colour.
 *
 * @param {string} text
 * @param {Tone} tone
 */
export function badge(text, tone) {
  return el("span", { class: `badge ${tone}` }, text);
}

/**
 * A button that is disabled while its action runs.
 *
 * @param {string} text
 * @param {() => Promise<unknown> | void} act
 * @param {Attributes} [attributes] `data-key` keeps the focus when its row is rendered again
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
 * Renders an area again and keeps open details and the focus.
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
 * The element with this id, which must exist.
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
 * A status badge with its colour; an unknown status is shown as bad.
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
 * A table that becomes a list of cards on a narrow screen. The roles are explicit, because a
 * browser drops table semantics when the rows have another layout.
 *
 * @param {string} label accessible name
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
 * A list of names and values.
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

/** A column without a heading contains actions. @param {string} heading */
function labelOf(heading) {
  return heading === "" ? { class: "acts" } : { "data-label": heading };
}

import { byId, el } from "./dom.js";

/**
 * @typedef {object} Field
 * @property {string} name
 * @property {string} label
 * @property {"text" | "number" | "checkbox" | "file"} [type]
 * @property {string} [value]
 * @property {string} [hint]
 * @property {boolean} [required]
 * @property {string} [mustBe] the text that must be typed exactly
 * @property {number} [min]
 * @property {number} [max]
 */

/**
 * @typedef {object} Question
 * @property {string} title
 * @property {string} [text]
 * @property {readonly Field[]} [fields]
 * @property {string} confirm text of the button
 * @property {boolean} [isDangerous]
 */

/**
 * Shows a dialog; undefined when it is cancelled, with Escape or a click outside it.
 *
 * @param {Question} question
 * @returns {Promise<FormData | undefined>}
 */
export function askPerson({ title, text, fields = [], confirm, isDangerous = false }) {
  const go = el("button", { class: isDangerous ? "danger" : "primary" }, confirm);
  const cancel = el("button", { type: "button" }, "Cancel");
  const form = el(
    "form",
    { method: "dialog", autocomplete: "off" },
    el("h2", { id: "dialog-title" }, title),
    text !== undefined && el("p", {}, text),
    ...fields.map(fieldNode),
    el("div", { class: "actions" }, cancel, go),
  );
  const dialog = el("dialog", { "aria-labelledby": "dialog-title" }, form);
  guard(form, go, fields);
  document.body.append(dialog);
  return new Promise((resolve) => {
    /** @type {FormData | undefined} */
    let answer;
    form.addEventListener("submit", () => (answer = new FormData(form)));
    cancel.addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", ({ target }) => {
      if (target === dialog) dialog.close();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(answer);
    });
    dialog.showModal();
  });
}

/** @param {Field} field */
function fieldNode({ name, label, type = "text", value, hint, required, mustBe, min, max }) {
  const input = el("input", {
    name,
    type,
    value: type === "checkbox" ? undefined : value,
    required: required ?? mustBe !== undefined,
    min,
    max,
    spellcheck: "false",
    autocapitalize: "off",
  });
  const said = [label, ...(hint === undefined ? [] : [el("small", {}, hint)])];
  return type === "checkbox"
    ? el("label", { class: "check" }, input, ...said)
    : el("label", {}, ...said, input);
}

/**
 * Disables the button until the required texts are typed.
 *
 * @param {HTMLFormElement} form
 * @param {HTMLButtonElement} go
 * @param {readonly Field[]} fields
 */
function guard(form, go, fields) {
  const typed = fields.filter(({ mustBe }) => mustBe !== undefined);
  const look = () => {
    const data = new FormData(form);
    go.disabled = typed.some(({ name, mustBe }) => data.get(name) !== mustBe);
  };
  form.addEventListener("input", look);
  look();
}

/** How long a success notice is shown; an error notice stays until it is dismissed. */
const GOOD_MS = 8_000;

/** Most notices at the same time. */
const NOTICES_MAX = 4;

/**
 * Shows a notice, which screen readers announce.
 *
 * @param {string} text
 * @param {"good" | "bad"} [tone]
 */
export function notify(text, tone = "good") {
  const area = byId("notices");
  const close = el("button", { type: "button", "aria-label": "Put away" }, "×");
  const notice = el("div", { class: `notice ${tone}` }, el("p", {}, text), close);
  close.addEventListener("click", () => notice.remove());
  area.append(notice);
  while (area.children.length > NOTICES_MAX) area.firstElementChild?.remove();
  if (tone === "good") setTimeout(() => notice.remove(), GOOD_MS);
}

/**
 * Runs an action and shows its result; an error is shown and not rethrown.
 *
 * @template T
 * @param {() => Promise<T>} act
 * @param {(result: T) => string | undefined} [told] text of a success
 */
export async function attempt(act, told = () => undefined) {
  try {
    const text = told(await act());
    if (text !== undefined) notify(text);
  } catch (error) {
    notify(error instanceof Error ? error.message : String(error), "bad");
  }
}

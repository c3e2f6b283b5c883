import { byId, el } from "./dom.js";

/** How long good news stays; bad news stays until somebody puts it away. */
const GOOD_MS = 8_000;

/** So many stay at once. */
const NOTICES_MAX = 4;

/**
 * Says what came of something; it is read out too.
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
 * Does something and says what came of it; a failure is told and ends here.
 *
 * @template T
 * @param {() => Promise<T>} act
 * @param {(result: T) => string | undefined} [told] what is said when it went well
 */
export async function attempt(act, told = () => undefined) {
  try {
    const text = told(await act());
    if (text !== undefined) notify(text);
  } catch (error) {
    notify(error instanceof Error ? error.message : String(error), "bad");
  }
}

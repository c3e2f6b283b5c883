import { ask } from "./api.js";
import { attempt } from "./dialog.js";
import { badge, button, el, table } from "./dom.js";
import { timeNode } from "./format.js";
import { actor } from "./login.js";

/**
 * @typedef {object} Toggle
 * @property {string} name
 * @property {boolean} on
 * @property {string} reason
 * @property {string | null} readAt
 * @property {string | null} changedAt
 * @property {string | null} changedBy
 * @property {boolean} canSwitch
 */

/** Toggles and who changed them. */
export const togglesView = {
  id: "toggles",
  title: "Toggles",
  load: () => ask("GET", "/toggles"),
  /** @param {{ toggles: Toggle[] }} data */
  isThere: ({ toggles }) => toggles.length > 0,
  /** @param {{ toggles: Toggle[] }} data @param {() => Promise<void>} refresh */
  render: ({ toggles }, refresh) => [
    table(
      "Toggles",
      ["Toggle", "State", "Changed", "Read", ""],
      toggles.map((toggle) => [
        el("strong", {}, toggle.name),
        el(
          "div",
          { class: "words" },
          badge(toggle.on ? "on" : "off", toggle.on ? "good" : "calm"),
          el("small", {}, toggle.reason),
        ),
        el(
          "div",
          {},
          toggle.changedAt ? timeNode(toggle.changedAt) : el("span", { class: "none" }, "–"),
          toggle.changedBy && el("small", {}, `by ${toggle.changedBy}`),
        ),
        timeNode(toggle.readAt),
        toggle.canSwitch ? switchButton(toggle, refresh) : el("small", {}, "turned elsewhere"),
      ]),
    ),
  ],
};

/** @param {Toggle} toggle @param {() => Promise<void>} refresh */
function switchButton({ name, on }, refresh) {
  const act = async () => {
    await ask("POST", `/toggles/${encodeURIComponent(name)}`, { on: !on, actor: actor() });
    await refresh();
  };
  return button(
    on ? "Turn off" : "Turn on",
    () => attempt(act, () => `${name} is ${on ? "off" : "on"}.`),
    { "data-key": `toggle ${name}`, "aria-label": `Turn ${name} ${on ? "off" : "on"}` },
  );
}

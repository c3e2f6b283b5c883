import { ApiError } from "./api.js";
import { button, byId, el, redraw } from "./dom.js";
import { alertsView } from "./view-alerts.js";
import { backupsView } from "./view-backups.js";
import { cachesView, queuesView, togglesView } from "./view-sources.js";
import { filesView } from "./view-files.js";
import { historyView } from "./view-history.js";
import { jobsView } from "./view-jobs.js";
import { checksView, migrationsView, processView } from "./view-process.js";

/**
 * One section of the page and its data.
 *
 * @template Data
 * @typedef {object} View
 * @property {string} id fragment of the address
 * @property {string} title
 * @property {() => Promise<unknown>} load loads the data
 * @property {(data: Data) => boolean} isThere whether the process has this section
 * @property {(data: Data) => import("./dom.js").Tone} [tone] colour of its dot in the menu
 * @property {(refresh: () => Promise<void>) => import("./dom.js").Child[]} [controls] controls that are rendered once and keep their input
 * @property {(data: Data, refresh: () => Promise<void>) => import("./dom.js").Child[]} render
 */

/** Reload intervals: of the visible section, and of all sections for the menu. */
const SHOWN_MS = 5_000;
const ALL_MS = 30_000;

/**
 * A section and its state.
 *
 * @typedef {object} Section
 * @property {string} id
 * @property {HTMLElement} area
 * @property {HTMLElement} panel
 * @property {HTMLAnchorElement} link
 * @property {HTMLElement} item
 * @property {() => Promise<void>} refresh loads it again
 * @property {boolean} isThere
 * @property {string} drawn the data that is drawn, as text
 */

/**
 * Shows the sections and keeps them up to date.
 *
 * @param {(overall: string | undefined) => void} onOverall called with the result of all checks
 */
export function startSections(onOverall) {
  // In the order of the menu.
  const all = [
    prepare(checksView, (checks) => onOverall(checks?.overall)),
    prepare(jobsView),
    prepare(historyView),
    prepare(alertsView),
    prepare(backupsView),
    prepare(filesView),
    prepare(togglesView),
    prepare(cachesView),
    prepare(migrationsView),
    prepare(queuesView),
    prepare(processView),
  ];
  byId("sections").replaceChildren(...all.map(({ item }) => item));
  setInterval(() => void loadShown(all), SHOWN_MS);
  setInterval(() => void loadAll(all), ALL_MS);
  window.addEventListener("hashchange", () => {
    show(all);
    void loadShown(all);
  });
  document.addEventListener("visibilitychange", () => void loadAll(all));
  // The requested section is shown as soon as it is loaded, so that a slow one does not delay it.
  void wantedOf(all)
    ?.refresh()
    .then(() => show(all));
  const others = all.filter((it) => it !== wantedOf(all));
  void Promise.all(others.map(({ refresh }) => refresh())).then(() => show(all));
}

/**
 * @template Data
 * @param {View<Data>} view
 * @param {(data: Data | undefined) => void} [onData] called with the data, or undefined
 * @returns {Section}
 */
function prepare(view, onData = () => {}) {
  const refresh = () => load(section, view, onData);
  const controls = view.controls?.(refresh) ?? [];
  const link = el("a", { href: `#${view.id}` }, view.title);
  const area = el("div", { class: "data" });
  /** @type {Section} */
  const section = {
    id: view.id,
    link,
    area,
    item: el("li", { hidden: true }, link),
    panel: el("section", { "aria-labelledby": `title-${view.id}` }),
    refresh,
    isThere: false,
    drawn: "",
  };
  section.panel.append(
    el("div", { class: "head" }, el("h2", { id: `title-${view.id}` }, view.title), ...controls),
    area,
  );
  return section;
}

/**
 * @template Data
 * @param {Section} section
 * @param {View<Data>} view
 * @param {(data: Data | undefined) => void} onData
 */
async function load(section, view, onData) {
  const { area, link, item } = section;
  try {
    const data = /** @type {Data} */ (await view.load());
    section.isThere = view.isThere(data);
    item.hidden = !section.isThere;
    colour(link, view.tone?.(data) ?? "good");
    onData(section.isThere ? data : undefined);
    const text = JSON.stringify(data);
    if (text === section.drawn) return;
    section.drawn = text;
    redraw(area, [...el("div", {}, ...view.render(data, section.refresh)).childNodes]);
  } catch (error) {
    section.isThere = !(error instanceof ApiError && error.status === 404);
    item.hidden = !section.isThere;
    section.drawn = "";
    colour(link, "bad");
    const words = error instanceof Error ? error.message : String(error);
    const again = button("Try again", section.refresh);
    redraw(area, [el("p", { class: "error", role: "alert" }, words), again]);
  }
}

/** @param {HTMLElement} link @param {import("./dom.js").Tone} tone */
function colour(link, tone) {
  link.dataset["tone"] = tone;
  link.title = tone === "good" ? "" : "needs attention";
}

/** @param {readonly Section[]} all */
async function loadAll(all) {
  if (document.hidden) return;
  await Promise.all(all.map(({ refresh }) => refresh()));
}

/** @param {readonly Section[]} all */
async function loadShown(all) {
  if (document.hidden) return;
  await all.find(({ panel }) => panel.isConnected)?.refresh();
}

/** Shows the section of the address, or the first available one. @param {readonly Section[]} all */
function show(all) {
  const chosen = wantedOf(all.filter(({ isThere }) => isThere));
  for (const { link } of all) link.removeAttribute("aria-current");
  if (!chosen) return;
  chosen.link.setAttribute("aria-current", "page");
  if (!chosen.panel.isConnected) byId("view").replaceChildren(chosen.panel);
}

/** The section of the address, else the first. @param {readonly Section[]} all */
function wantedOf(all) {
  const [wanted] = location.hash.slice(1).split("/");
  return all.find(({ id }) => id === wanted) ?? all[0];
}

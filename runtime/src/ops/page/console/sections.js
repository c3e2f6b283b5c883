import { ApiError } from "./api.js";
import { button, byId, el, redraw } from "./dom.js";
import { alertsView } from "./view-alerts.js";
import { backupsView } from "./view-backups.js";
import { cachesView, queuesView } from "./view-caches.js";
import { checksView } from "./view-checks.js";
import { filesView } from "./view-files.js";
import { historyView } from "./view-history.js";
import { jobsView } from "./view-jobs.js";
import { migrationsView } from "./view-migrations.js";
import { processView } from "./view-process.js";
import { togglesView } from "./view-toggles.js";

/**
 * One section of the page, and the data that it asks for.
 *
 * @template Data
 * @typedef {object} View
 * @property {string} id what stands in the address after the #
 * @property {string} title
 * @property {() => Promise<unknown>} load the data, as the server gives it
 * @property {(data: Data) => boolean} isThere whether the process has such a thing at all
 * @property {(data: Data) => import("./dom.js").Tone} [tone] colour of its dot in the menu
 * @property {(refresh: () => Promise<void>) => import("./dom.js").Child[]} [controls] what is drawn once and keeps what was typed
 * @property {(data: Data, refresh: () => Promise<void>) => import("./dom.js").Child[]} render
 */

/** How often what is looked at is loaded again, and how often all of it for the menu. */
const SHOWN_MS = 5_000;
const ALL_MS = 30_000;

/**
 * A section with what is known of it.
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
 * Shows what the process has, and keeps it true.
 *
 * @param {(overall: string | undefined) => void} onOverall told the result of all checks
 */
export function startSections(onOverall) {
  // In the order in which an operator looks at them.
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
  // What is asked for is shown as soon as it is there: a slow queue keeps nobody from the jobs.
  void wantedOf(all)
    ?.refresh()
    .then(() => show(all));
  const others = all.filter((it) => it !== wantedOf(all));
  void Promise.all(others.map(({ refresh }) => refresh())).then(() => show(all));
}

/**
 * @template Data
 * @param {View<Data>} view
 * @param {(data: Data | undefined) => void} [onData] told what was loaded, or that there is none
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
  link.title = tone === "good" ? "" : "needs a look";
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

/** Shows the section of the address, or the first one that is there. @param {readonly Section[]} all */
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

import { ask, jobNames } from "./api.js";
import { el, statusBadge, table } from "./dom.js";
import { detailWords, spanWords, timeNode } from "./format.js";

/** @typedef {import("./answers.d.ts").Run} Run */

const STATUSES = ["ok", "failed", "timed-out", "skipped", "interrupted", "lost"];

/** Number of records shown; the filter finds older ones. */
const RECORDS = 50;

/** The filter; kept while the page is open. @type {Record<string, string>} */
const filter = {};

/** @typedef {{ runs: Run[], jobs: readonly string[] }} History */

/** Every run with its record, filtered by job, status, day and text. */
export const historyView = {
  id: "history",
  title: "History",
  load: async () => {
    /** @type {[{ runs: Run[] }, readonly string[]]} */
    const [{ runs }, jobs] = await Promise.all([ask("GET", `/runs?${queryText()}`), jobNames]);
    return { runs, jobs };
  },
  /** @param {History} data */
  isThere: ({ jobs }) => jobs.length > 0,
  /** @param {() => Promise<void>} refresh */
  controls: (refresh) => [filterForm(refresh)],
  /** @param {History} data */
  render: ({ runs }) => [
    table("Runs", ["Started", "Job", "Result", "Details"], runs.map(rowOf)),
    runs.length >= RECORDS && el("p", { class: "none" }, `The newest ${RECORDS} are shown.`),
  ],
};

/** @param {Run} run */
function rowOf(run) {
  const { job, startedAt, status, durationMs, actor, attempt: attempts } = run;
  return [
    timeNode(startedAt),
    el("div", {}, el("strong", {}, job), el("small", {}, actor)),
    el(
      "div",
      {},
      el("div", { class: "line" }, statusBadge(status), spanWords(durationMs)),
      attempts > 1 && el("small", {}, `${attempts} attempts`),
    ),
    detailsNode(run),
  ];
}

/** Details that are shown in one line. */
const SHOWN_DETAILS = 3;

/** @param {Run} run */
function detailsNode({ runId, scheduledFor, host, commit, exitCode, error, details }) {
  const plain = Object.entries(details).filter(
    ([name, value]) => typeof value !== "object" && name !== "runId",
  );
  const words = plain.slice(0, SHOWN_DETAILS).map(detailWords);
  const all = { runId, scheduledFor, host, commit, exitCode, ...details };
  return el(
    "div",
    { class: "words" },
    error !== null && el("span", { class: "error" }, error),
    el(
      "details",
      { "data-key": runId },
      el("summary", {}, words.join(" · ") || "Record"),
      el("pre", {}, JSON.stringify(all, null, 2)),
    ),
  );
}

/** @param {() => Promise<void>} refresh */
function filterForm(refresh) {
  const form = el(
    "form",
    { class: "filter", role: "search", "aria-label": "Filter runs" },
    el("label", {}, "Job", el("select", { name: "job" }, el("option", { value: "" }, "any"))),
    el(
      "label",
      {},
      "Status",
      el(
        "select",
        { name: "status" },
        ...["", ...STATUSES].map((it) => el("option", { value: it }, it || "any")),
      ),
    ),
    el("label", {}, "Since", el("input", { name: "since", type: "date" })),
    el("label", {}, "Until", el("input", { name: "until", type: "date" })),
    el("label", {}, "Text", el("input", { name: "text", type: "search", size: 14 })),
  );
  void nameJobs(form);
  let timer = 0;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    for (const [name, value] of new FormData(form)) filter[name] = String(value);
    clearTimeout(timer);
    timer = window.setTimeout(() => void refresh(), TYPING_MS);
  });
  return form;
}

/** The jobs to choose from. @param {HTMLFormElement} form */
async function nameJobs(form) {
  const options = (await jobNames).map((name) => el("option", { value: name }, name));
  form.querySelector("select")?.append(...options);
}

/** Delay after the last key before the filter applies, in ms. */
const TYPING_MS = 250;

/** Days are in the reader's zone. */
function queryText() {
  const { since = "", until = "", ...rest } = filter;
  const query = new URLSearchParams({ limit: String(RECORDS) });
  for (const [name, value] of Object.entries(rest)) {
    if (value.trim() !== "") query.set(name, value.trim());
  }
  if (since !== "") query.set("since", new Date(`${since}T00:00:00`).toISOString());
  if (until !== "") query.set("until", new Date(`${until}T23:59:59.999`).toISOString());
  return query.toString();
}

import { actor, ask, tellJobNames, untilEnded } from "./api.js";
import { askPerson, attempt, notify } from "./dialog.js";
import { badge, button, el, statusBadge, table } from "./dom.js";
import { ageWords, detailWords, spanWords, timeNode } from "./format.js";

/** @typedef {import("./answers.d.ts").Job} Job */
/** @typedef {import("./answers.d.ts").Run} Run */

/** Jobs of the process with their last and next runs. */
export const jobsView = {
  id: "jobs",
  title: "Jobs",
  load: async () => {
    /** @type {Promise<{ jobs: Job[] }>} */
    const loading = ask("GET", "/jobs");
    void tellJobNames(loading.then(({ jobs }) => jobs.map(({ name }) => name)));
    return loading;
  },
  /** @param {{ jobs: Job[] }} data */
  isThere: ({ jobs }) => jobs.length > 0,
  /** @param {{ jobs: Job[] }} data */
  tone: ({ jobs }) => (jobs.some(({ last }) => isBad(last)) ? "bad" : "good"),
  /** @param {{ jobs: Job[] }} data @param {() => Promise<void>} refresh */
  render: ({ jobs }, refresh) => [
    table(
      "Jobs",
      ["Job", "Last run", "Next run", ""],
      jobs.map((job) => [
        nameNode(job),
        lastNode(job, refresh),
        nextNode(job),
        runButton(job, refresh),
      ]),
    ),
  ],
};

/** @param {Run | null} run */
function isBad(run) {
  return run !== null && run.status !== "ok" && run.status !== "skipped";
}

/** @param {Job} job */
function nameNode({ name, uses, schedule, toggles }) {
  const off = toggles.filter(({ on }) => !on);
  return el(
    "div",
    {},
    el("strong", {}, name),
    el("small", {}, [uses, schedule ?? "by hand"].join(" · ")),
    ...off.map((it) => el("small", {}, badge(`off: ${it.name}`, "calm"), ` ${it.reason}`)),
  );
}

/** @param {Job} job @param {() => Promise<void>} refresh */
function lastNode({ last, running: [run], startedBy }, refresh) {
  if (run) {
    return el(
      "div",
      {},
      el("div", { class: "line" }, badge("running", "busy"), "since"),
      timeNode(run.startedAt),
      startedBy !== "app" && stopButton(run, refresh),
    );
  }
  if (!last) return el("span", { class: "none" }, "never");
  const { status, durationMs, actor: who, error, startedAt } = last;
  return el(
    "div",
    {},
    el("div", { class: "line" }, statusBadge(status), `${spanWords(durationMs)} · ${who}`),
    timeNode(startedAt),
    error !== null && el("small", { class: "words error" }, error),
  );
}

/** In the zone of the schedule, and in UTC. @param {Job} job */
function nextNode({ next: [next], timezone, startedBy }) {
  if (!next) {
    return el("span", { class: "none" }, startedBy === "app" ? "the app decides" : "–");
  }
  const utc = next.utc.slice(0, 16).replace("T", " ");
  const age = el("span", { "data-age": next.utc }, ageWords(new Date(next.utc)));
  // Without the offset, because the zone is shown beside it and UTC below it.
  const local = next.local.slice(0, 16);
  return timezone === "UTC"
    ? el("time", { datetime: next.utc }, `${utc} UTC`, el("small", {}, age))
    : el(
        "time",
        { datetime: next.utc },
        `${local} ${timezone ?? ""}`,
        el("small", {}, `${utc} UTC · `, age),
      );
}

/** @param {Job} job @param {() => Promise<void>} refresh */
function runButton(job, refresh) {
  if (job.startedBy === "app") return el("small", {}, "run by the app");
  if (job.startedBy === "elsewhere") return el("small", {}, "run by a cron job");
  return button("Run now", () => attempt(() => runNow(job, refresh)), {
    "data-key": `run ${job.name}`,
    "aria-label": `Run ${job.name} now`,
  });
}

/** @param {Job["running"][number]} run @param {() => Promise<void>} refresh */
function stopButton({ job, runId }, refresh) {
  const act = async () => {
    const isSure = await askPerson({
      title: `Stop ${job}?`,
      text: "The run is recorded as interrupted, and its slot does not run again.",
      confirm: "Stop",
      isDangerous: true,
    });
    if (!isSure) return;
    await ask("POST", `/runs/${runId}/stop`, { actor: actor() });
    await refresh();
  };
  const attributes = { "data-key": `stop ${job}`, "aria-label": `Stop ${job}` };
  return button("Stop…", () => attempt(act), attributes);
}

/** @param {Job} job @param {() => Promise<void>} refresh */
async function runNow({ name, uses, inputs }, refresh) {
  const answer = await askPerson({
    title: `Run ${name} now?`,
    text: `It uses ${uses}. Toggles, leases and deadlines apply as for every run, and the run is recorded.`,
    fields: [
      ...inputs.map(inputField),
      {
        name: "dryRun",
        type: /** @type {const} */ ("checkbox"),
        label: "Dry run: change nothing and report what would happen",
      },
    ],
    confirm: "Run",
  });
  if (!answer) return;
  const said = inputs.flatMap((it) => inputValue(it, answer));
  const dryRun = answer.get("dryRun") !== null;
  const body = { actor: actor(), dryRun, ...inputBody(said) };
  const started = await ask("POST", `/jobs/${encodeURIComponent(name)}/run`, body);
  await refresh();
  tellEnd(await untilEnded(/** @type {import("./answers.d.ts").StartedRun} */ (started)), dryRun);
  await refresh();
}

/** @typedef {Job["inputs"][number]} Input */

/** @param {Input} input */
function inputField({ name, description, isYesOrNo }) {
  const type = /** @type {"checkbox" | "text"} */ (isYesOrNo ? "checkbox" : "text");
  return { name: `input ${name}`, label: name, hint: description, type };
}

/**
 * The value of one input; undefined when it was not changed. @param {Input} input @param {FormData}
 * answer
 */
function inputValue({ name, isYesOrNo }, answer) {
  const said = String(answer.get(`input ${name}`) ?? "");
  if (said === "") return [];
  return [/** @type {const} */ ([name, isYesOrNo || valueOf(said)])];
}

/** @param {readonly (readonly [string, unknown])[]} said */
function inputBody(said) {
  return said.length === 0 ? {} : { input: Object.fromEntries(said) };
}

/** JSON if it is JSON, else text, as on the command line. @param {string} said @returns {unknown} */
function valueOf(said) {
  try {
    return JSON.parse(said);
  } catch {
    return said;
  }
}

/** @param {Run} run @param {boolean} dryRun */
function tellEnd({ job, status, durationMs, error, details }, dryRun) {
  const what = dryRun ? `${job} (dry run)` : job;
  const why = error ?? details["why"] ?? details["reason"];
  const words = `${what}: ${status} after ${spanWords(durationMs)}`;
  const isGood = status === "ok" || status === "skipped";
  const rest = dryRun ? Object.entries(details).map(detailWords).join("; ") : why;
  notify(rest === undefined ? `${words}.` : `${words}: ${String(rest)}`, isGood ? "good" : "bad");
}

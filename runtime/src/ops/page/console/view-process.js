import { actor, ask } from "./api.js";
import { askPerson, attempt, notify } from "./dialog.js";
import { badge, button, el, pairs, statusBadge, table, toneOf } from "./dom.js";
import { timeNode } from "./format.js";

/** @typedef {import("./answers.d.ts").Version} Version */

/** @typedef {NonNullable<Version["app"]>} App */

/** The process and its actions. */
export const processView = {
  id: "process",
  title: "Process",
  load: () => ask("GET", "/version"),
  isThere: () => true,
  /** @param {Version} version @param {() => Promise<void>} refresh */
  render: (version, refresh) => [
    pairs([
      ["System", version.system],
      ["Stack", `${version.stack} (${version.environment})`],
      ["Process", version.process],
      ["Commit", version.commit ?? "not set by the platform"],
      ["Host", version.host],
      ["Runtime", version.runtime],
      ["Started", timeNode(version.startedAt)],
      ...(version.app ? appPairs(version.app) : []),
    ]),
    ...(version.app && version.app.ends.length > 0 ? endNodes(version.app.ends) : []),
    el(
      "div",
      { class: "actions below" },
      button("Reload", () =>
        attempt(
          () => reload(refresh),
          () => RELOADED,
        ),
      ),
      version.app
        ? button("Restart the app…", () => attempt(restart, (told) => told), { class: "risky" })
        : null,
    ),
  ],
};

const RELOADED = "Toggles were reloaded, and every cache is marked as stale.";

/** @param {() => Promise<void>} refresh */
async function reload(refresh) {
  await ask("POST", "/reload", { actor: actor() });
  await refresh();
}

async function restart() {
  const answer = await askPerson({
    title: "Restart the app?",
    text: "It is stopped gracefully and started again; requests may wait or fail meanwhile.",
    fields: [{ name: "reason", label: "Reason", hint: "for the log" }],
    confirm: "Restart",
    isDangerous: true,
  });
  if (!answer) return undefined;
  const reason = String(answer.get("reason") ?? "").trim();
  await ask("POST", "/restart", { actor: actor(), ...(reason === "" ? {} : { reason }) });
  return "The app is restarting. Its state is shown below.";
}

/** @param {App} app @returns {(readonly [string, import("./dom.js").Child])[]} */
function appPairs({ phase, pid, port, startedAt }) {
  const where = [
    ...(pid === undefined ? [] : [`process ${pid}`]),
    ...(port === undefined ? [] : [`port ${port}`]),
  ];
  return [
    ["App", el("div", {}, statusBadge(phase), where.length > 0 && ` ${where.join(", ")}`)],
    ["App started", startedAt === undefined ? undefined : timeNode(startedAt)],
  ];
}

/** Unrequested ends of the app. @param {App["ends"]} ends */
function endNodes(ends) {
  const rows = ends.map(({ endedAt, why, tail }) => [
    timeNode(endedAt),
    el("div", { class: "words" }, why, tail !== "" && el("pre", {}, tail)),
  ]);
  return [el("h3", {}, "Crashes of the app"), table("Crashes", ["At", "Why"], rows)];
}

/** @typedef {import("./answers.d.ts").Checks} Checks */

/** All checks of this process in one list. */
export const checksView = {
  id: "checks",
  title: "Checks",
  load: () => ask("GET", "/checks"),
  /** @param {Checks} data */
  isThere: ({ items }) => items.length > 0,
  /** @param {Checks} data */
  tone: ({ overall }) => toneOf(overall),
  /** @param {() => Promise<void>} refresh */
  controls: (refresh) => [
    button(
      "Run all smoke tests",
      () =>
        attempt(
          async () => {
            const checks = /** @type {Checks} */ (await ask("POST", "/checks/run", {}));
            await refresh();
            return checks;
          },
          ({ overall, items }) => `Smoke tests: ${overall} (${countWords(items)}).`,
        ),
      { class: "primary" },
    ),
  ],
  /** @param {Checks} data */
  render: ({ overall, items }) => [
    el("p", { class: "summary" }, badge(overall, toneOf(overall)), ` ${countWords(items)}`),
    table(
      "Checks",
      ["Result", "Of", "Check", "Detail"],
      worstFirst(items).map(({ group, name, result, detail }) => [
        badge(result, toneOf(result)),
        el("span", { class: "none" }, group),
        name,
        el("span", { class: "words" }, detail ?? ""),
      ]),
    ),
  ],
};

const RESULTS = /** @type {const} */ (["FAIL", "CHECK", "OK"]);

/** Problems come first; the rest keeps its order. @param {Checks["items"]} items */
function worstFirst(items) {
  return RESULTS.flatMap((it) => items.filter(({ result }) => result === it));
}

/** @param {Checks["items"]} items */
function countWords(items) {
  const counts = RESULTS.toReversed().map(
    (it) => `${items.filter(({ result }) => result === it).length} ${it}`,
  );
  return counts.join(", ");
}

/** @typedef {import("./answers.d.ts").Migrations} Migrations */

/** Migrations of the app's SQLite database. The page's HTML says whether the process has any. */
export const migrationsView = {
  id: "migrations",
  title: "Migrations",
  load: async () =>
    document.documentElement.dataset["migrations"] === "yes" ? ask("GET", "/migrations") : null,
  /** @param {Migrations | null} data */
  isThere: (data) => data !== null,
  /** @param {Migrations | null} data */
  tone: (data) => {
    if (data === null) return "good";
    if (data.failed.length > 0) return "bad";
    return data.pending.length > 0 ? "busy" : "good";
  },
  /** @param {Migrations | null} data @param {() => Promise<void>} refresh */
  render: (data, refresh) => (data === null ? [] : nodes(data, refresh)),
};

/** @param {Migrations} data @param {() => Promise<void>} refresh */
function nodes({ owner, database, registered, executed, failed, renamed, removed }, refresh) {
  const who = owner === "app" ? "the app runs them when it starts" : "the runtime runs them";
  return [
    el(
      "div",
      { class: "head" },
      el("p", { class: "words" }, `${database}: ${who}.`),
      button("Run pending migrations…", () => attempt(() => run(owner, refresh))),
    ),
    table(
      "Migrations",
      ["Migration", "State", "Note"],
      registered.map((name) => {
        const failure = failed.find((it) => it.name === name);
        const notes = [
          failure?.error,
          removed.includes(name) ? "its file does not exist" : undefined,
          ...renamed.filter(({ to }) => to === name).map(({ from }) => `ran as ${from}`),
        ].filter((it) => it !== undefined);
        return [
          el("strong", { class: "words" }, name),
          stateBadge(failure !== undefined, executed.includes(name)),
          el("span", { class: "words" }, notes.join("; ")),
        ];
      }),
    ),
  ];
}

/** @param {boolean} isFailed @param {boolean} isExecuted */
function stateBadge(isFailed, isExecuted) {
  if (isFailed) return badge("failed", "bad");
  return isExecuted ? badge("executed", "good") : badge("pending", "busy");
}

/** @param {Migrations["owner"]} owner @param {() => Promise<void>} refresh */
async function run(owner, refresh) {
  const answer = await askPerson({
    title: "Run the pending migrations?",
    text:
      owner === "app"
        ? "The app is restarted, because it runs them when it starts."
        : "They change the database. Take a backup first.",
    confirm: "Run",
    isDangerous: true,
  });
  if (!answer) return;
  /** @type {{ executed: string[], failed: { name: string, error: string }[] }} */
  const { executed } = await ask("POST", "/migrations/run", { actor: actor() });
  notify(executed.length === 0 ? "No migration was pending." : `Executed: ${executed.join(", ")}.`);
  await refresh();
}

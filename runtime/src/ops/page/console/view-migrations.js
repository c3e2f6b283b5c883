import { ask } from "./api.js";
import { askPerson, attempt, notify } from "./dialog.js";
import { badge, button, el, table } from "./dom.js";
import { actor } from "./login.js";

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

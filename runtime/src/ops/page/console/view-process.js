import { ask } from "./api.js";
import { askPerson, attempt } from "./dialog.js";
import { button, el, pairs, statusBadge, table } from "./dom.js";
import { timeNode } from "./format.js";
import { actor } from "./login.js";

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

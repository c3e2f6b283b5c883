import { actor, ask, untilEnded } from "./api.js";
import { attempt, notify } from "./dialog.js";
import { badge, button, el, statusBadge, table } from "./dom.js";
import { timeNode } from "./format.js";

/** @typedef {import("./answers.d.ts").Alerts} Alerts */

/** Channels, recent alerts and silences. */
export const alertsView = {
  id: "alerts",
  title: "Alerts",
  load: () => ask("GET", "/alerts"),
  /** @param {Alerts} data */
  isThere: ({ channels, recent, silences, canResend }) =>
    canResend || channels.length > 0 || recent.length > 0 || silences.length > 0,
  /** @param {Alerts} data */
  tone: ({ silences, channels }) => {
    if (channels.some(({ failures }) => failures > 0)) return "bad";
    return silences.length > 0 ? "busy" : "good";
  },
  /** @param {() => Promise<void>} refresh */
  controls: (refresh) => [silenceForm(refresh)],
  /** @param {Alerts} data @param {() => Promise<void>} refresh */
  render: ({ silences, recent, channels, canResend }, refresh) => [
    silences.length > 0 && silenceTable(silences, refresh),
    silences.length === 0 && el("p", { class: "none" }, "Nothing is silenced."),
    el(
      "div",
      { class: "head below" },
      el("h3", {}, "Channels"),
      el(
        "div",
        { class: "actions" },
        canResend && button("Resend latest", () => attempt(() => resend(refresh))),
        channels.length > 0 && button("Send a test", () => attempt(() => test(refresh))),
      ),
    ),
    table(
      "Channels",
      ["Channel", "Kind", "State"],
      channels.map((channel) => [
        el("strong", {}, channel.name),
        channel.kind,
        channelState(channel),
      ]),
    ),
    el("h3", {}, "Recent"),
    table("Recent alerts", ["Last", "Alert", "Deliveries"], recent.map(recentRow)),
  ],
};

/**
 * A channel that backs off says when it is tried again, and why.
 *
 * @param {Alerts["channels"][number]} channel
 */
function channelState({ isReady, failures, held, nextAttemptAt, lastError }) {
  const waiting = held > 0 ? [counted(held, "alert held", "alerts held")] : [];
  if (!isReady || failures === 0) {
    const state = isReady ? badge("ready", "good") : badge("skipped: not set up", "calm");
    return el("div", {}, state, el("small", {}, ...waiting));
  }
  const failed = counted(failures, "failed message", "failed messages");
  return el(
    "div",
    { class: "words" },
    badge("backing off", "bad"),
    el("small", {}, [failed, ...waiting, "next attempt:"].join("; ")),
    timeNode(nextAttemptAt),
    lastError && el("small", { class: "error" }, lastError.why),
  );
}

/** @param {number} count @param {string} one @param {string} many */
function counted(count, one, many) {
  return `${count} ${count === 1 ? one : many}`;
}

/** @param {Alerts["silences"]} silences @param {() => Promise<void>} refresh */
function silenceTable(silences, refresh) {
  return table(
    "Silences",
    ["Silent until", "About", "Reason", ""],
    silences.map(({ id, until, match, reason, by }) => [
      timeNode(until),
      match ?? "all alerts",
      el("div", { class: "words" }, reason, el("small", {}, `by ${by}`)),
      button(
        "Cancel",
        () =>
          attempt(
            () => cancel(id, refresh),
            () => "The silence has ended.",
          ),
        {
          "data-key": `cancel ${id}`,
        },
      ),
    ]),
  );
}

/** @param {string} id @param {() => Promise<void>} refresh */
async function cancel(id, refresh) {
  await ask("DELETE", `/alerts/silence/${encodeURIComponent(id)}`, { actor: actor() });
  await refresh();
}

/** @param {() => Promise<void>} refresh */
async function resend(refresh) {
  /** @type {import("./answers.d.ts").StartedRun} */
  const started = await ask("POST", "/alerts/resend", { actor: actor() });
  const { status, error } = await untilEnded(started);
  notify(
    `Resend: ${status}${error === null ? "" : `: ${error}`}`,
    status === "ok" ? "good" : "bad",
  );
  await refresh();
}

/** @param {() => Promise<void>} refresh */
async function test(refresh) {
  /** @type {import("./answers.d.ts").Tested} */
  const { channels } = await ask("POST", "/alerts/test", { actor: actor() });
  const words = channels.map(({ name, result, why }) => `${name}: ${why ?? result}`);
  const isBad = channels.some(({ result }) => result === "error");
  notify(`Test: ${words.join("; ")}`, isBad ? "bad" : "good");
  await refresh();
}

/** @param {Alerts["recent"][number]} alert */
function recentRow({ lastAt, kind, title, count, process, job, deliveries }) {
  const sent = Object.entries(deliveries).map(([channel, delivery]) =>
    el("div", { class: "line" }, statusBadge(delivery), channel),
  );
  const about = [job ?? process, ...(count > 1 ? [`${count} times`] : [])];
  return [
    timeNode(lastAt),
    el(
      "div",
      { class: "words" },
      el("strong", {}, title),
      el("small", {}, [kind, ...about].join(" · ")),
    ),
    el("div", {}, ...sent),
  ];
}

/** The longest and the suggested silence, in minutes; see docs/sources.md. */
const MINUTES = { min: 1, max: 240, usual: 30 };

/** The form that silences alerts. @param {() => Promise<void>} refresh */
function silenceForm(refresh) {
  const minutes = el("input", {
    name: "minutes",
    type: "number",
    min: MINUTES.min,
    max: MINUTES.max,
    value: MINUTES.usual,
    required: true,
  });
  const form = el(
    "form",
    { class: "filter", "aria-label": "Silence alerts" },
    el("label", {}, "Minutes", minutes),
    el("label", {}, "Reason", el("input", { name: "reason", required: true, maxlength: 200 })),
    el("button", { class: "primary" }, "Silence"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void attempt(
      () => silence(form, refresh),
      (said) => `Silent for ${said} min.`,
    );
  });
  return form;
}

/** @param {HTMLFormElement} form @param {() => Promise<void>} refresh */
async function silence(form, refresh) {
  const data = new FormData(form);
  const minutes = Number(data.get("minutes"));
  const reason = String(data.get("reason"));
  await ask("POST", "/alerts/silence", { minutes, reason, actor: actor() });
  form.reset();
  await refresh();
  return minutes;
}

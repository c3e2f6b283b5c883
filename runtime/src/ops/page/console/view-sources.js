import { actor, ask } from "./api.js";
import { attempt, notify } from "./dialog.js";
import { badge, button, el, table } from "./dom.js";
import { spanWords, timeNode } from "./format.js";

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

/** @typedef {import("./answers.d.ts").Cache} Cache */

/** Data that is refreshed in the background. */
export const cachesView = {
  id: "caches",
  title: "Caches",
  load: () => ask("GET", "/caches"),
  /** @param {{ caches: Cache[] }} data */
  isThere: ({ caches }) => caches.length > 0,
  /** @param {{ caches: Cache[] }} data */
  tone: ({ caches }) => (caches.some(({ result }) => result === "fail") ? "bad" : "good"),
  /** @param {() => Promise<void>} refresh */
  controls: (refresh) => [
    button("Refresh all", () => attempt(() => refreshBucket("all", refresh)), { class: "primary" }),
  ],
  /** @param {{ caches: Cache[] }} data @param {() => Promise<void>} refresh */
  render: ({ caches }, refresh) => [
    table(
      "Caches",
      ["Cache", "Refreshed", "Next refresh", "Last result", ""],
      caches.map((cache) => [
        el(
          "div",
          {},
          el("strong", {}, cache.name),
          el(
            "small",
            {},
            [
              cache.count === null ? "empty" : `${cache.count} rows`,
              `kept ${spanWords(cache.ttlSeconds * 1000)}`,
            ].join(" · "),
          ),
        ),
        timeNode(cache.lastRefreshAt),
        el("div", {}, timeNode(cache.nextRefreshAt), cache.ttlExpired && badge("too old", "busy")),
        resultNode(cache),
        button("Refresh", () => attempt(() => refreshBucket(cache.name, refresh)), {
          "data-key": `refresh ${cache.name}`,
          "aria-label": `Refresh ${cache.name}`,
        }),
      ]),
    ),
  ],
};

/** @param {Cache} cache */
function resultNode({ result, latencyMs, retries, actor: who, trigger, error }) {
  if (result === null) return el("span", { class: "none" }, "never");
  const by = [latencyMs === null ? null : spanWords(latencyMs), who ?? trigger];
  const tries = retries > 0 ? [retries === 1 ? "1 retry" : `${retries} retries`] : [];
  return el(
    "div",
    { class: "words" },
    badge(result, result === "fail" ? "bad" : result === "ok" ? "good" : "busy"),
    el("small", {}, [...by, ...tries].filter((it) => it !== null).join(" · ")),
    error !== null && el("small", { class: "error" }, error),
  );
}

/** @param {string} bucket @param {() => Promise<void>} refresh */
async function refreshBucket(bucket, refresh) {
  /** @type {{ refreshed: { bucket: string, result: string, error: string | null }[], running?: string[] }} */
  const { refreshed, running = [] } = await ask(
    "POST",
    `/caches/${encodeURIComponent(bucket)}/refresh`,
    { actor: actor() },
  );
  const failed = refreshed.filter(({ result }) => result === "fail");
  const words = [
    ...failed.map((it) => `${it.bucket}: ${it.error ?? "failed"}`),
    ...(running.length > 0 ? [`under way: ${running.join(", ")}`] : []),
  ];
  const done = `Refreshed: ${refreshed.map((it) => it.bucket).join(", ") || "none yet"}.`;
  notify([done, ...words].join(" "), failed.length > 0 ? "bad" : "good");
  await refresh();
}

/** @typedef {{ name: string, kind?: string, length?: number, error?: string }} Queue */

/** Lengths of the queues that jobs, checks and rules name. */
export const queuesView = {
  id: "queues",
  title: "Queues",
  load: () => ask("GET", "/queues"),
  /** @param {{ queues: Queue[] }} data */
  isThere: ({ queues }) => queues.length > 0,
  /** @param {{ queues: Queue[] }} data */
  tone: ({ queues }) => (queues.some(({ error }) => error !== undefined) ? "bad" : "good"),
  /** @param {{ queues: Queue[] }} data */
  render: ({ queues }) => [
    table(
      "Queues",
      ["Queue", "Kind", "Length"],
      queues.map(({ name, kind, length, error }) => [
        el("strong", {}, name),
        kind ?? "–",
        error === undefined ? String(length ?? "–") : el("span", { class: "error words" }, error),
      ]),
    ),
  ],
};

import { ask } from "./api.js";
import { el } from "./dom.js";
import { table } from "./table.js";

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

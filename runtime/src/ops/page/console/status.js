/** @typedef {import("./dom.js").Tone} Tone */
import { badge } from "./dom.js";

/** @type {Readonly<Record<string, Tone>>} */
const TONES = {
  ok: "good",
  sent: "good",
  on: "good",
  up: "good",
  running: "busy",
  starting: "busy",
  waiting: "busy",
  check: "busy",
  held: "busy",
  suppressed: "calm",
  silenced: "calm",
  paused: "calm",
  skipped: "calm",
  off: "calm",
};

/**
 * A status in the colour of what it means; one that nobody expects is bad.
 *
 * @param {string} status
 */
export function statusBadge(status) {
  return badge(status, toneOf(status));
}

/** @param {string} status @returns {Tone} */
export function toneOf(status) {
  return TONES[status.toLowerCase()] ?? "bad";
}

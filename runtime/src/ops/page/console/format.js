import { el } from "./dom.js";

/** Update interval of ages such as `3 min ago`. */
const AGES_MS = 5_000;

/** Units of an age, the longest first, in seconds. */
const UNITS = /** @type {const} */ ([
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
]);

/**
 * A time in the reader's zone, with UTC and its age below it.
 *
 * @param {string | number | null | undefined} at ISO 8601 or epoch milliseconds
 */
export function timeNode(at) {
  if (at === null || at === undefined) return el("span", { class: "none" }, "–");
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return el("span", {}, String(at));
  const iso = date.toISOString();
  return el(
    "time",
    { datetime: iso },
    localTime(date),
    el("small", {}, `${utcTime(date)} UTC · `, el("span", { "data-age": iso }, ageWords(date))),
  );
}

/**
 * Format: `2026-11-22 07:00:12`, in the reader's zone.
 *
 * @param {Date} date
 */
export function localTime(date) {
  return inZone(date, undefined);
}

/**
 * Format: `06:00:12`, with the date if it differs from the reader's.
 *
 * @param {Date} date
 */
export function utcTime(date) {
  const utc = inZone(date, "UTC");
  return utc.slice(0, 10) === localTime(date).slice(0, 10) ? utc.slice(11) : utc.slice(5);
}

/**
 * The age of a time, or the time until it.
 *
 * @param {Date} date
 */
export function ageWords(date) {
  const ms = date.getTime() - Date.now();
  if (Math.abs(ms) < 1000) return "now";
  const words = spanWords(Math.abs(ms));
  return ms > 0 ? `in ${words}` : `${words} ago`;
}

/**
 * Format: `250 ms`, `12 s`, `3 min` or `2 h`.
 *
 * @param {number} ms
 */
export function spanWords(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = Math.round(ms / 1000);
  const [unit, size] = UNITS.find(([, it]) => seconds >= it) ?? ["s", 1];
  return `${Math.floor(seconds / size)} ${unit}`;
}

/** Updates all ages on the page. */
export function keepAges() {
  setInterval(() => {
    for (const node of document.querySelectorAll("[data-age]")) {
      const at = node.getAttribute("data-age") ?? "";
      node.textContent = ageWords(new Date(at));
    }
  }, AGES_MS);
}

/** @param {Date} date @param {string | undefined} timeZone */
function inZone(date, timeZone) {
  // Swedish dates have the format of ISO 8601.
  const format = { dateStyle: "short", timeStyle: "medium", timeZone };
  return new Intl.DateTimeFormat(
    "sv-SE",
    /** @type {Intl.DateTimeFormatOptions} */ (format),
  ).format(date);
}

const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB"];

/**
 * Format: `12.3 MB`.
 *
 * @param {number} bytes
 */
export function sizeWords(bytes) {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), BYTE_UNITS.length - 1);
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${BYTE_UNITS[power]}`;
}

/** A time as the details of runs hold it. */
const ISO_TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/**
 * One detail of a run, such as `size: 12.3 MB` or `slot: 2026-11-22 06:00:12 UTC`.
 *
 * @param {readonly [name: string, value: unknown]} detail
 */
export function detailWords([name, value]) {
  if (typeof value === "number") {
    if (name.endsWith("Ms")) return `${name.slice(0, -2)}: ${spanWords(value)}`;
    if (name.endsWith("Seconds")) return `${name.slice(0, -7)}: ${spanWords(value * 1000)}`;
    if (/^(size|bytes)$|Bytes$/.test(name)) return `${name}: ${sizeWords(value)}`;
  }
  if (typeof value === "string" && ISO_TIME.test(value)) {
    return `${name}: ${inZone(new Date(value), "UTC")} UTC`;
  }
  return `${name}: ${typeof value === "object" ? JSON.stringify(value) : String(value)}`;
}

import type { AlertEvent } from "../contract/alert-event.ts";
import { redactDeep } from "../redaction.ts";
import { shortText } from "../contract/text.ts";

/**
 * Parts of a key that differ between equal alerts, and their placeholders. The order matters: times
 * are replaced before numbers.
 */
const CHANGING: readonly (readonly [pattern: RegExp, placeholder: string])[] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, "<id>"],
  [/\b(\w*(?:request|run|trace|correlation|event)_?id)([=:]\s*)[^\s,;&/]+/gi, "$1$2<id>"],
  [
    /\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?/g,
    "<time>",
  ],
  [/\b\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\b/g, "<time>"],
  // Not after a hyphen: `cache-7d` is a job's name.
  [
    /(?<![\w.-])\d+(?:\.\d+)?\s?(?:ms|s|sec|secs|seconds?|m|mins?|minutes?|h|hours?|d|days?)(?![\w-])/gi,
    "<time>",
  ],
  // A hexadecimal id contains a digit, unlike a word such as `deadbeef`.
  [/\b(?=[a-f]*\d)[0-9a-f]{8,}\b/gi, "<id>"],
  // Epochs and database ids. Ports have five digits at most and stay.
  [/\d{6,}/g, "<id>"],
];

/** Longest title, value in details and list in details; see docs/sources.md. */
const TITLE_CHARACTERS = 500;
const VALUE_CHARACTERS = 500;
const LIST_LENGTH = 3;

/** Longest details in total, as JSON, because each alert is stored per channel; see docs/sources.md. */
const DETAILS_CHARACTERS = 2000;

/** Longest key, because each alert stores it. */
const KEY_CHARACTERS = 200;

/** The event without secrets, with short texts and with a key that is equal for equal alerts. */
export function safeEvent(event: AlertEvent): AlertEvent {
  return {
    ...event,
    key: normalisedKey(String(redactDeep(event.key))),
    title: shortText(String(redactDeep(event.title)), TITLE_CHARACTERS),
    details: shortDetails(event.details),
  };
}

/** The first fields that fit. */
function shortDetails(details: AlertEvent["details"]): AlertEvent["details"] {
  const kept: [name: string, value: unknown][] = [];
  let room = DETAILS_CHARACTERS;
  // Redacted as a whole, because a field's name may mark its value as secret.
  for (const [name, value] of Object.entries(Object(redactDeep(details)))) {
    const short = shortValue(value);
    room -= name.length + (JSON.stringify(short)?.length ?? 0);
    if (room < 0) break;
    kept.push([name, short]);
  }
  return Object.fromEntries(kept);
}

/** A long structure becomes the beginning of its JSON. */
function shortValue(value: unknown): unknown {
  if (typeof value === "string") return shortText(value, VALUE_CHARACTERS);
  if (typeof value !== "object" || value === null) return value;
  const short = Array.isArray(value) ? shortList(value) : value;
  const text = JSON.stringify(short);
  return text.length <= VALUE_CHARACTERS ? short : shortText(text, VALUE_CHARACTERS);
}

function shortList(list: readonly unknown[]): unknown[] {
  const kept = list.slice(0, LIST_LENGTH).map(shortValue);
  const rest = list.length - LIST_LENGTH;
  return rest > 0 ? [...kept, `and ${rest} more`] : kept;
}

/**
 * A key without times, ids and durations, which would make every alert a new one. Callers should not
 * put them into keys, but some do; see docs/sources.md.
 */
export function normalisedKey(key: string): string {
  const stable = CHANGING.reduce(
    (text, [pattern, placeholder]) => text.replaceAll(pattern, placeholder),
    key.trim(),
  );
  return stable.slice(0, KEY_CHARACTERS);
}

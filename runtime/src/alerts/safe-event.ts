import type { AlertEvent } from "../contract/alert-event.ts";
import { redactDeep } from "../redaction.ts";
import { shortText } from "../contract/text.ts";
import { normalisedKey } from "./alert-key.ts";

/** Longest title, value in details and list in details; see docs/sources.md. */
const TITLE_CHARACTERS = 500;
const VALUE_CHARACTERS = 500;
const LIST_LENGTH = 3;

/** Longest details in total, as JSON, because each alert is stored per channel; see docs/sources.md. */
const DETAILS_CHARACTERS = 2000;

/**
 * The event as it may leave the process: without secrets, which an error's text may hold, cut to
 * what somebody reads, and with a key that stays the same.
 */
export function safeEvent(event: AlertEvent): AlertEvent {
  return {
    ...event,
    key: normalisedKey(String(redactDeep(event.key))),
    title: shortText(String(redactDeep(event.title)), TITLE_CHARACTERS),
    details: shortDetails(event.details),
  };
}

/** The first fields, as long as there is room. */
function shortDetails(details: AlertEvent["details"]): AlertEvent["details"] {
  const kept: [name: string, value: unknown][] = [];
  let room = DETAILS_CHARACTERS;
  // As a whole, because the name of a field may say that it holds a secret.
  for (const [name, value] of Object.entries(Object(redactDeep(details)))) {
    const short = shortValue(value);
    room -= name.length + (JSON.stringify(short)?.length ?? 0);
    if (room < 0) break;
    kept.push([name, short]);
  }
  return Object.fromEntries(kept);
}

/** A structure that is too long is told as the beginning of its JSON. */
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

/**
 * What changes from one alert to the next although it is about the same, and what stands for it.
 * The order matters: a time is no number.
 */
const CHANGING: readonly (readonly [pattern: RegExp, standIn: string])[] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, "<id>"],
  [/\b(\w*(?:request|run|trace|correlation|event)_?id)([=:]\s*)[^\s,;&/]+/gi, "$1$2<id>"],
  [
    /\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?/g,
    "<time>",
  ],
  [/\b\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\b/g, "<time>"],
  // Not after a hyphen: `cache-7d` is the name of a job.
  [
    /(?<![\w.-])\d+(?:\.\d+)?\s?(?:ms|s|sec|secs|seconds?|m|mins?|minutes?|h|hours?|d|days?)(?![\w-])/gi,
    "<time>",
  ],
  // An id of hexadecimal digits holds a digit; a word of those letters does not.
  [/\b(?=[a-f]*\d)[0-9a-f]{8,}\b/gi, "<id>"],
  // Epochs and ids of databases; a port has five digits and stays.
  [/\d{6,}/g, "<id>"],
];

/** Longest key: it is stored with every alert, and what is longer is a text and no key. */
const KEY_CHARACTERS = 200;

/**
 * A key without the parts that would make each alert a new one. Callers should not put times, ids
 * and durations into a key, but some do, and their alerts would never be deduplicated.
 */
export function normalisedKey(key: string): string {
  const stable = CHANGING.reduce(
    (text, [pattern, standIn]) => text.replaceAll(pattern, standIn),
    key.trim(),
  );
  return stable.slice(0, KEY_CHARACTERS);
}

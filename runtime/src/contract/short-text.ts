/** What stands for what was cut off. */
const CUT = "…";

/** The text, or its beginning and a sign that there is more, in so many UTF-16 units at most. */
export function shortText(text: string, length: number): string {
  if (text.length <= length) return text;
  const kept = text.slice(0, length - CUT.length);
  // The first half of a character of two units is none.
  return `${kept.replace(/[\uD800-\uDBFF]$/, "").trimEnd()}${CUT}`;
}

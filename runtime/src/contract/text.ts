/** Stands for the part of a text that was cut off. */
const CUT = "…";

/** The text, or its beginning and a `…`, in at most `length` UTF-16 units. */
export function shortText(text: string, length: number): string {
  if (text.length <= length) return text;
  const kept = text.slice(0, length - CUT.length);
  // A cut between the two units of one character leaves half of it.
  return `${kept.replace(/[\uD800-\uDBFF]$/, "").trimEnd()}${CUT}`;
}

/** Escapes text for HTML, outside of attributes. */
export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Decodes a part of a URL. A stray percent sign stands for itself, as most drivers read it. */
export function decodeUrlPart(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The object or list that the text is as JSON. Undefined for any other text. */
export function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Quotes a word for a shell. */
export function shellWord(text: string): string {
  return /^[\w./:=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** A part of a URL as it was meant; a stray percent sign stands for itself, as most drivers take it. */
export function decodeUrlPart(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

import type { TextLine } from "./alert-text.ts";

/** How a channel writes text. */
export interface Markup {
  /** Text that means nothing but itself, and calls nobody. */
  escape(text: string): string;
  /** Escaped text that stands out. */
  strong(escaped: string): string;
  /** Longest message, in UTF-16 units of what is sent. */
  readonly length: number;
}

/** What stands for what was cut off. */
const CUT = "…";

/**
 * The lines as one text that is short enough: the line that is too long is cut between characters
 * and before its markup is closed, so that no markup is broken, and what follows it is left out.
 *
 * @param head stands first and is never cut: who is called
 */
export function fittedText(lines: readonly TextLine[], markup: Markup, head = ""): string {
  let text = head;
  for (const line of lines) {
    const start = text === "" ? "" : `${text}\n`;
    const whole = `${start}${written(line, markup)}`;
    if (whole.length > markup.length) return cutLine(start, line, markup) ?? text;
    text = whole;
  }
  return text;
}

/** The longest beginning of the line that fits; undefined when none does. */
function cutLine(start: string, line: TextLine, markup: Markup): string | undefined {
  const characters = Array.from(line.text);
  const fits = (count: number) =>
    `${start}${written({ ...line, text: `${characters.slice(0, count).join("")}${CUT}` }, markup)}`;
  let [least, most] = [0, characters.length];
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (fits(middle).length <= markup.length) least = middle;
    else most = middle - 1;
  }
  return least === 0 ? undefined : fits(least);
}

function written({ text, isStrong = false }: TextLine, { escape, strong }: Markup): string {
  return isStrong ? strong(escape(text)) : escape(text);
}

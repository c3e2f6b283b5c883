import { type AlertEvent, isProblem, isResolved } from "../contract/alert-event.ts";

/** One alert in a message. */
export interface MessageItem {
  readonly event: AlertEvent;
  /** Equal alerts since the last message, this one included. */
  readonly count: number;
}

/** What a channel sends at once. */
export interface AlertMessage {
  readonly items: readonly MessageItem[];
  /** Alerts of which only the number is known, because there were too many. */
  readonly more: number;
  /** A remark about the alerting itself. */
  readonly note?: string;
}

/** One line of a message. */
export interface TextLine {
  readonly text: string;
  readonly isStrong?: boolean;
}

/** How a channel formats text. */
export interface Markup {
  /** Makes text literal, so that it formats nothing and mentions nobody. */
  escape(text: string): string;
  /** Emphasizes escaped text. */
  strong(escaped: string): string;
  /** Longest message, in UTF-16 units of what is sent. */
  readonly length: number;
}

/** Alerts that a message lists by their titles. */
const LISTED_MAX = 20;

const ELLIPSIS = "…";

/** How many alerts a message stands for. */
export function countOf({ items, more }: AlertMessage): number {
  return items.reduce((sum, { count }) => sum + count, more);
}

/** A message about one alert. */
export function messageOf(event: AlertEvent): AlertMessage {
  return { items: [{ event, count: 1 }], more: 0 };
}

/** The message in one line. */
export function headline(message: AlertMessage): string {
  const [first] = message.items;
  if (isSingle(message) && first) return titleOf(first.event);
  const count = countOf(message);
  const stack = first ? `${first.event.stack}: ` : "";
  return `${stack}${count} more alert${count === 1 ? "" : "s"}`;
}

/** The message in lines. The first line is its headline. */
export function linesOf(message: AlertMessage): TextLine[] {
  const [first] = message.items;
  const lines =
    isSingle(message) && first
      ? singleLines(first)
      : [strong(headline(message)), ...digestLines(message)];
  return message.note === undefined ? lines : [...lines, { text: message.note }];
}

/** Whether it reports a problem, so that it mentions people. */
export function isUrgent({ items, more }: AlertMessage): boolean {
  return more > 0 || items.some(({ event }) => isProblem(event));
}

function isSingle({ items, more }: AlertMessage): boolean {
  return items.length === 1 && more === 0;
}

function titleOf({ kind, title }: AlertEvent): string {
  return `[${kind.toUpperCase()}] ${title}`;
}

function singleLines({ event, count }: MessageItem): TextLine[] {
  const { system, stack, process, at, details, title } = event;
  // A detail that the title contains is left out.
  const fields = Object.entries(details).filter(([, it]) => !(isText(it) && title.includes(it)));
  return [
    strong(titleOf(event)),
    { text: `${system === stack ? system : `${system} ${stack}`}, ${process}, ${timeOf(at)}` },
    ...fields.flatMap(([name, value]) => detailLine(name, value)),
    ...(count > 1 ? [{ text: countWords(event, count) }] : []),
  ];
}

function digestLines({ items, more }: AlertMessage): TextLine[] {
  const listed = items.slice(0, LISTED_MAX);
  const unlisted = countOf({ items: items.slice(LISTED_MAX), more });
  return [
    ...listed.map(({ event, count }) => ({
      text: `• ${titleOf(event)}${count > 1 ? ` (×${count})` : ""}`,
    })),
    ...(unlisted > 0 ? [{ text: `and ${unlisted} more` }] : []),
  ];
}

function countWords(event: AlertEvent, count: number): string {
  return isResolved(event)
    ? `It came ${count - 1} more time${count === 2 ? "" : "s"} since the last message.`
    : `It came ${count} times since the last message.`;
}

function detailLine(name: string, value: unknown): TextLine[] {
  if (value === undefined || value === null || value === "") return [];
  return [{ text: `${name}: ${isText(value) ? value : JSON.stringify(value)}` }];
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function timeOf(at: string): string {
  return at.replace("T", " ").replace(/\.\d+Z$|Z$/, " UTC");
}

function strong(text: string): TextLine {
  return { text, isStrong: true };
}

/**
 * Joins the lines into one text of the allowed length. A line that is too long is cut between
 * characters, inside its markup, and the lines after it are left out.
 *
 * @param head the mentions, which are never cut
 */
export function fittedText(lines: readonly TextLine[], markup: Markup, head = ""): string {
  let text = head;
  for (const line of lines) {
    const start = text === "" ? "" : `${text}\n`;
    const whole = `${start}${formatted(line, markup)}`;
    if (whole.length > markup.length) return cutLine(start, line, markup) ?? text;
    text = whole;
  }
  return text;
}

/** The longest beginning of the line that fits; undefined when none does. */
function cutLine(start: string, line: TextLine, markup: Markup): string | undefined {
  const characters = Array.from(line.text);
  const cutTo = (count: number): string => {
    const text = `${characters.slice(0, count).join("")}${ELLIPSIS}`;
    return `${start}${formatted({ ...line, text }, markup)}`;
  };
  let [least, most] = [0, characters.length];
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (cutTo(middle).length <= markup.length) least = middle;
    else most = middle - 1;
  }
  return least === 0 ? undefined : cutTo(least);
}

function formatted({ text, isStrong = false }: TextLine, markup: Markup): string {
  const escaped = markup.escape(text);
  return isStrong ? markup.strong(escaped) : escaped;
}

import { type AlertEvent, isOver, isWrong } from "../contract/alert-event.ts";
import { type AlertMessage, countOf, type MessageItem } from "./alert-message.ts";

/** One line of a message, as people read it. */
export interface TextLine {
  readonly text: string;
  readonly isStrong?: boolean;
}

/** Alerts that a digest lists. */
const LISTED_MAX = 20;

/** The message in one line. */
export function headline(message: AlertMessage): string {
  const [first] = message.items;
  if (isSingle(message) && first) return titleOf(first.event);
  const count = countOf(message);
  const stack = first ? `${first.event.stack}: ` : "";
  return `${stack}${count} more alert${count === 1 ? "" : "s"}`;
}

/** The message in lines, the first of which is its headline. */
export function linesOf(message: AlertMessage): TextLine[] {
  const [first] = message.items;
  const lines =
    isSingle(message) && first
      ? singleLines(first)
      : [strong(headline(message)), ...digestLines(message)];
  return message.note === undefined ? lines : [...lines, { text: message.note }];
}

/** Whether it tells of something that is wrong, so that somebody is called. */
export function isCalling({ items, more }: AlertMessage): boolean {
  return more > 0 || items.some(({ event }) => isWrong(event));
}

function isSingle({ items, more }: AlertMessage): boolean {
  return items.length === 1 && more === 0;
}

function titleOf({ kind, title }: AlertEvent): string {
  return `[${kind.toUpperCase()}] ${title}`;
}

function singleLines({ event, count }: MessageItem): TextLine[] {
  const { system, stack, process, at, details, title } = event;
  // What the title says already is not said again.
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
  return isOver(event)
    ? `It came ${count - 1} more time${count === 2 ? "" : "s"} since it was told.`
    : `It came ${count} times since it was told last.`;
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

import type { Readable } from "node:stream";
import { redact } from "../../redaction.ts";

/** A line longer than this is cut into several: log collectors drop what is much longer. */
const LINE_CHARACTERS_MAX = 8_192;

/** What is kept of a child's last words, for records and alerts. */
const TAIL_CHARACTERS = 4_000;

/** The last part of what a child wrote. */
export class Tail {
  #text = "";

  add(line: string): void {
    this.#text = `${this.#text}${line}\n`.slice(-TAIL_CHARACTERS);
  }

  /** Without secrets. */
  toString(): string {
    return redact(this.#text).trimEnd();
  }
}

/** Calls `take` with each line of the stream, also with a last one without a line break. */
export function readLines(stream: Readable, take: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = `${rest}${chunk}`.split(/\r?\n/);
    rest = lines.pop() ?? "";
    for (const line of lines) takeInParts(line, take);
    while (rest.length > LINE_CHARACTERS_MAX) {
      take(rest.slice(0, LINE_CHARACTERS_MAX));
      rest = rest.slice(LINE_CHARACTERS_MAX);
    }
  });
  const finish = (): void => {
    if (rest !== "") take(rest);
    rest = "";
  };
  stream.on("end", finish);
  stream.on("close", finish);
}

function takeInParts(line: string, take: (line: string) => void): void {
  for (let start = 0; start === 0 || start < line.length; start += LINE_CHARACTERS_MAX) {
    take(line.slice(start, start + LINE_CHARACTERS_MAX));
  }
}

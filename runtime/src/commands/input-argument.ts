import type { JobInput } from "../jobs/catalog.ts";
import { UsageError } from "./command.ts";

/** What `--input name=value` says, as often as it is typed. A value that is JSON is what it says, and any other is text. */
export function inputOf(texts: readonly string[]): JobInput {
  return Object.fromEntries(
    texts.map((text) => {
      const [name = "", ...rest] = text.split("=");
      if (name !== "" && rest.length > 0) return [name, valueOf(rest.join("="))];
      throw new UsageError(`--input: "${text}" is not a name and a value. Write name=value.`);
    }),
  );
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

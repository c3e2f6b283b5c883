import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const CHECKOUT = fileURLToPath(new URL("../", import.meta.url));

/** The files on the stack whose path in the checkout matches, the outermost caller first. */
export function filesOnStack(isWanted: RegExp): string[] {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = Number.POSITIVE_INFINITY;
  const { stack = "" } = new Error("trace");
  Error.stackTraceLimit = limit;
  const files = stack.split("\n").flatMap((line) => {
    const path = /(\/[^\s():]+\.ts)/.exec(line)?.[1];
    const file = path === undefined ? "" : relative(CHECKOUT, path);
    return isWanted.test(file) ? [file] : [];
  });
  return files.toReversed();
}

/** The files that CONTRIBUTING lists below a heading, in order. */
export function filesInContributing(heading: string): string[] {
  const text = readFileSync(join(CHECKOUT, "CONTRIBUTING.md"), "utf8");
  const section = text.split(`### ${heading}\n`)[1]?.split(/^#{2,3} /m)[0] ?? "";
  return [...section.matchAll(/^\d+\. `([^`]+)`/gm)].map(([, file = ""]) => file);
}

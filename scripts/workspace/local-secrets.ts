import { existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { LOCAL_SECRETS } from "./paths.ts";

/** Secret values for the local cloud; values from other sources are not used. */
export function readLocalSecrets(): NodeJS.Dict<string> {
  return existsSync(LOCAL_SECRETS) ? parseSecrets(readFileSync(LOCAL_SECRETS, "utf8")) : {};
}

/** An unquoted value: everything up to a comment or the end of the line. */
const UNQUOTED = /^([ \t]*(?:export[ \t]+)?\w+[ \t]*=[ \t]*)([^\s'"`#][^\r\n]*)$/gm;

/**
 * Parses `NAME=value` lines. As for compose and Docker, `#` begins a comment only after a space;
 * Node's own parser would end an unquoted value at any `#`.
 */
export function parseSecrets(text: string): NodeJS.Dict<string> {
  return parseEnv(
    text.replaceAll(UNQUOTED, (line: string, name: string, rest: string) => {
      const value = (rest.split(/[ \t]#/, 1)[0] ?? "").trimEnd();
      const quote = ["'", '"', "`"].find((it) => !value.includes(it));
      return quote === undefined ? line : `${name}${quote}${value}${quote}`;
    }),
  );
}

/** The bundle of the commands, and beside it what V8 made of it when it was built. */
export const BUNDLE_FILE = "runtime.cjs";
export const CODE_CACHE_FILE = "runtime.cache";

/**
 * The program that the launcher starts: it gives the bundle to V8 with its code cache.
 *
 * Parsing and compiling is a quarter of a run's start otherwise, and 1 MB of its memory. Node's own
 * compile cache is of no use in an image: it is kept by user id, and asks to be written. A cache of
 * another V8 is rejected by V8 itself, which then compiles as if there were none.
 */
export function renderLoader(): string {
  return `"use strict";
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { Script } = require("node:vm");

const filename = join(__dirname, "${BUNDLE_FILE}");

function codeCache() {
  try {
    return readFileSync(join(__dirname, "${CODE_CACHE_FILE}"));
  } catch {
    return undefined;
  }
}

const source = "(function (require, __dirname, __filename, module, exports) {" + readFileSync(filename, "latin1") + "\\n})";
const script = new Script(source, { filename, cachedData: codeCache() });
exports.script = script;
script.runInThisContext()(require, __dirname, filename, { exports: {} }, {});
`;
}

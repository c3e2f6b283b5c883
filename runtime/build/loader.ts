/** The bundle of the commands, and its code cache. */
export const BUNDLE_FILE = "runtime.cjs";
export const CODE_CACHE_FILE = "runtime.cache";

/**
 * The program that the launcher starts. It loads the bundle with its code cache.
 *
 * Without the cache, parsing and compiling take a quarter of a run's start and 1 MB of memory.
 * Node's own compile cache is useless in an image: it depends on the user id and must be
 * writable. V8 rejects a cache of another V8 version and compiles as without a cache.
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

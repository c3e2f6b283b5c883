import { expect, test } from "vitest";
import { wrapBuild, wrapStart, wrapImageStart } from "./runtime-source.ts";

const SHA = "a".repeat(64);

test("a build fetches the runtime, checks it and unpacks it", () => {
  const build = wrapBuild("make", {
    archive: { url: "https://example.com/r.tar.gz", sha256: SHA },
  });

  expect(build.split(" && ")).toEqual([
    "make",
    "mkdir -p .opspec",
    "curl -fsSL --retry 3 --max-time 120 -o .opspec/runtime.tar.gz https://example.com/r.tar.gz",
    `echo "${SHA}  .opspec/runtime.tar.gz" | sha256sum -c -`,
    "tar -xzf .opspec/runtime.tar.gz -C .opspec",
    "rm .opspec/runtime.tar.gz",
  ]);
});

test("a folder of the repository is copied, and a build may be only that", () => {
  expect(wrapBuild(undefined, { path: "vendor/runtime" })).toBe(
    "mkdir -p .opspec && cp -R vendor/runtime/. .opspec/",
  );
});

test.each([
  ["node server.js", ".opspec/opspec-runtime supervise -- node server.js"],
  ["  node server.js\n", ".opspec/opspec-runtime supervise -- node server.js"],
  ["app --port $PORT", ".opspec/opspec-runtime supervise -- sh -c 'app --port $PORT'"],
  ["a && b", ".opspec/opspec-runtime supervise -- sh -c 'a && b'"],
  ["say 'hi'", `.opspec/opspec-runtime supervise -- sh -c 'say '\\''hi'\\'''`],
])("the start %j becomes %j", (start, wrapped) => {
  expect(wrapStart(start)).toBe(wrapped);
});

test("an image has the runtime in its own place", () => {
  expect(wrapImageStart("node a.js")).toBe("/opt/opspec/opspec-runtime supervise -- node a.js");
});

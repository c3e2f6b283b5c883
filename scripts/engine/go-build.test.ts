import { expect, test } from "vitest";

import { goComplaint } from "./go-build.ts";

test.each([
  ["go1.26.8", "auto", undefined],
  ["go1.25.11", "local", undefined],
  ["go1.21.0", "auto", undefined],
  [
    "go1.24.0",
    "local",
    "go1.24.0 is older than 1.25.11, which go.mod asks for, and GOTOOLCHAIN=local keeps it from fetching a newer one. Install one, or set GOTOOLCHAIN=auto",
  ],
  ["go1.19.4", "", "go1.19.4 is older than 1.25.11, which go.mod asks for. Install a newer Go"],
  ["devel", "auto", 'its version "devel" cannot be parsed'],
])("Go %s with GOTOOLCHAIN=%s: %s", (version, toolchain, complaint) => {
  expect(goComplaint({ version, toolchain }, "1.25.11")).toBe(complaint);
});

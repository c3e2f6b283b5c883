import { expect, test } from "vitest";

import { countTests } from "./test-counts.ts";

test("tests are counted by what came of them", () => {
  const testResults = [file("passed", "failed", "passed"), file("skipped", "todo", "pending")];

  expect(countTests({ testResults }, 1)).toEqual({ passed: 2, failed: 1, skipped: 3 });
});

test("a file that cannot be loaded is a failure", () => {
  const testResults = [{ status: "failed", assertionResults: [] }];

  expect(countTests({ testResults }, 1)).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

test("an error outside any test is a failure", () => {
  const testResults = [{ status: "passed", assertionResults: [{ status: "passed" }] }];

  expect(countTests({ testResults }, 1)).toEqual({ passed: 1, failed: 1, skipped: 0 });
});

function file(...statuses: string[]) {
  return {
    status: statuses.includes("failed") ? "failed" : "passed",
    assertionResults: statuses.map((status) => ({ status })),
  };
}

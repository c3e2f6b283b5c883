import { expect, test } from "vitest";

import { countTests, timeLines } from "./test-counts.ts";

test("tests are counted by what came of them", () => {
  const testResults = [file("passed", "failed", "passed"), file("skipped", "todo", "pending")];

  expect(countTests({ testResults }, 1)).toEqual({ passed: 2, failed: 1, skipped: 3 });
});

test("a file that cannot be loaded is a failure", () => {
  const testResults = [{ ...file(), status: "failed" }];

  expect(countTests({ testResults }, 1)).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

test("an error outside any test is a failure", () => {
  const testResults = [file("passed")];

  expect(countTests({ testResults }, 1)).toEqual({ passed: 1, failed: 1, skipped: 0 });
});

test("each project tells its files and the sum of their times", () => {
  const testResults = [
    at("/repo/infra/a.test.ts", 0, 1_400),
    at("/repo/runtime/src/b.test.ts", 0, 2_000),
    at("/repo/tests/c.engine.test.ts", 0, 60_000),
    at("/repo/tests/d.engine.test.ts", 1_000, 31_000),
  ];

  expect(timeLines({ testResults })).toEqual([
    "time    engine tests: 90 s in 2 files",
    "time    runtime tests: 2 s in 1 files",
    "time    unit tests: 1 s in 1 files",
  ]);
});

function file(...statuses: string[]) {
  return {
    name: "/repo/infra/a.test.ts",
    startTime: 0,
    endTime: 0,
    status: statuses.includes("failed") ? "failed" : "passed",
    assertionResults: statuses.map((status) => ({ status })),
  };
}

function at(name: string, startTime: number, endTime: number) {
  return { ...file("passed"), name, startTime, endTime };
}

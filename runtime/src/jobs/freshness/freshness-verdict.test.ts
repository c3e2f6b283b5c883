import { expect, test } from "vitest";
import type { CommitAnswer } from "./answer.ts";
import { isTold, judgeCommits } from "./work.ts";

const of = (commit: string): CommitAnswer => ({ commit });
const A = of("aaaaaaa1111111111111111111111111111111aa");
const SHORT_A = of("AAAAAAA");
const B = of("bbbbbbb");
const C = of("ccccccc");
const NONE: CommitAnswer = { commit: undefined };
const AWAY: CommitAnswer = { commit: undefined, problem: "HTTP 502" };

test.each([
  ["OK", { backend: SHORT_A, frontend: A, main: A }],
  ["OK", { backend: A, main: SHORT_A }],
  ["BACKEND_DRIFT", { backend: B, frontend: A, main: A }],
  ["BACKEND_DRIFT", { backend: B, frontend: B, main: A }],
  ["FRONTEND_DRIFT", { backend: A, frontend: B, main: A }],
  ["SPLIT_BRAIN", { backend: B, frontend: C, main: A }],
  ["SPLIT_BRAIN", { backend: A, frontend: B }],
  ["SPLIT_BRAIN", { backend: A, frontend: B, main: AWAY }],
  ["UNKNOWN", { backend: A, frontend: A, main: NONE }],
  ["UNKNOWN", { backend: NONE, frontend: A, main: A }],
  ["ERROR", { backend: AWAY, frontend: A, main: A }],
  ["ERROR", { backend: A, frontend: AWAY, main: A }],
])("%s is what the guardian says of %o", (verdict, commits) => {
  expect(judgeCommits(commits)).toBe(verdict);
});

test("a change is told, what stays wrong once an hour, and what stays well never", () => {
  const wrong = { freshness: "BACKEND_DRIFT", stale: [] } as const;
  const well = { freshness: "OK", stale: [] } as const;
  const toldWrong = { ...wrong, toldAt: at(0).toISOString() };
  const asked = (
    before: Parameters<typeof isTold>[0],
    state: Parameters<typeof isTold>[1],
    minutes: number,
  ) => isTold(before, state, { now: at(minutes), repeatMs: 3_600_000 });

  expect(asked(undefined, well, 0)).toBe(false);
  expect(asked(undefined, wrong, 0)).toBe(true);
  expect(asked(toldWrong, wrong, 59)).toBe(false);
  expect(asked(toldWrong, wrong, 60)).toBe(true);
  expect(asked(toldWrong, { ...wrong, stale: ["sync"] }, 1)).toBe(true);
  expect(asked(toldWrong, well, 1)).toBe(true);
  expect(asked({ ...well, toldAt: null }, well, 600)).toBe(false);
});

function at(minutes: number): Date {
  return new Date(Date.UTC(2026, 0, 1, 0, minutes));
}

import { expect, test } from "vitest";
import type { CommitAnswer } from "./reports.ts";
import { judgeCommits } from "./work.ts";

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

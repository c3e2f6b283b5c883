import { expect, test } from "vitest";
import { requestIdOf } from "./request-id.ts";

const NAMES = ["x-request-id", "x-trace-id"];

test.each(["7f9c2b", "sched-daily-202611220300", "a1b2:c3/d4=", "x".repeat(128)])(
  "the caller's id %s is taken",
  (id) => {
    expect(requestIdOf(new Headers({ "x-request-id": id }), NAMES)).toBe(id);
  },
);

test.each(["", "x".repeat(129), "a b", 'a"b', "<script>", "-x", "a;b"])(
  "the id %j is not well formed, so the request gets a new one",
  (id) => {
    const made = requestIdOf(new Headers({ "x-request-id": id }), NAMES);

    expect(made).toMatch(/^[0-9a-f-]{36}$/);
  },
);

test("the first header with a good id wins", () => {
  const headers = new Headers({ "x-request-id": "a b", "x-trace-id": "trace-1" });

  expect(requestIdOf(headers, NAMES)).toBe("trace-1");
});

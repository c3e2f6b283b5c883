import { expect, test } from "vitest";
import { ConfigurationError } from "../contract/configuration-error.ts";
import { CheckError, errorWords } from "./error-words.ts";

const SECRET = "postgres://admin:hunter2@db.internal:5432/shop";

test.each([
  ["ECONNREFUSED", "connection refused"],
  ["ENOTFOUND", "name not found"],
  ["28P01", "password refused"],
  ["57P03", "not ready: starting up or recovering"],
  ["XX000", "failed (XX000)"],
])("an error with code %s is told as %s, without its text", (code, words) => {
  const error = Object.assign(new Error(`connect ${code} ${SECRET}`), { code });

  expect(errorWords(error)).toBe(words);
});

test("an error without a code is told by its name only", () => {
  expect(errorWords(new TypeError(`cannot reach ${SECRET}`))).toBe("failed (TypeError)");
});

test("the code of a wrapped error is found", () => {
  const cause = new AggregateError([Object.assign(new Error(SECRET), { code: "ECONNREFUSED" })]);

  expect(errorWords(new TypeError("fetch failed", { cause }))).toBe("connection refused");
});

test("a Redis error is told by the code that it begins with", () => {
  const reply = Object.assign(new Error("WRONGTYPE Operation against a key"), {
    name: "ReplyError",
  });

  expect(errorWords(reply)).toBe("the key holds another type");
});

test("a check's own words are told as they are", () => {
  expect(errorWords(new CheckError("the app has not started"))).toBe("the app has not started");
});

test("a configuration that is wrong is told by the variable's name", () => {
  const problem = {
    where: "REDIS_URL",
    message: "is not a URL of Redis.",
    remedy: "Write it anew.",
  };

  expect(errorWords(new ConfigurationError([problem]))).toBe("REDIS_URL is not a URL of Redis.");
});

test("what is no error at all is told without its text", () => {
  expect(errorWords(SECRET)).toBe("failed (string)");
});

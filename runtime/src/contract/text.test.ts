import { expect, test } from "vitest";
import { shortText } from "./text.ts";

test("a text that fits is left as it is, and a longer one tells that it was cut", () => {
  expect(shortText("four", 4)).toBe("four");
  expect(shortText("a longer one", 6)).toBe("a lon…");
  expect(shortText("two words", 5)).toBe("two…");
});

test("no character is cut in half", () => {
  expect(shortText("ab😀cd", 4)).toBe("ab…");
  expect(shortText("ab😀cd", 5)).toBe("ab😀…");
});

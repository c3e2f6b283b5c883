import { expect, test } from "vitest";
import { parseSecrets } from "./local-secrets.ts";

test("a # begins a comment only after a space, and quotes keep everything", () => {
  const text = `A=abc#def
B=abc # a comment
# C=1
export D=it's#1
E="x # y"
F='p#q'
G=\\n
H=
I=#
`;

  expect(parseSecrets(text)).toEqual({
    A: "abc#def",
    B: "abc",
    D: "it's#1",
    E: "x # y",
    F: "p#q",
    G: "\\n",
    H: "",
    I: "",
  });
});

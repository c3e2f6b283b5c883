import { expect, test } from "vitest";
import { simpleCommands } from "./shell-words.ts";

test.each<[string, string[][]]>([
  ["make trim", [["make", "trim"]]],
  ["KEEP=3 MODE='a b' make  trim", [["make", "trim"]]],
  [
    "cd api && ./run.sh; echo 'a && b' | sort",
    [["cd", "api"], ["./run.sh"], ["echo", "a && b"], ["sort"]],
  ],
  [String.raw`sh -c "node \"a b\".js"`, [["sh", "-c", 'node "a b".js']]],
  ["a\\ b c", [["a b", "c"]]],
  ["X=1", []],
  ["echo ''", [["echo", ""]]],
])("the commands of %j are found", (text, commands) => {
  expect(simpleCommands(text)).toEqual(commands);
});

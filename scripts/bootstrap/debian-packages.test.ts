import { expect, test } from "vitest";

import { installPrograms } from "./debian-packages.ts";
import { PROGRAM_NAMES } from "./test-programs.ts";

/** A machine that has only Postgres. */
const find = (name: string) => (name === "postgres" ? "/bin/postgres" : undefined);

test("a machine that has every program is left as it is", async () => {
  const lines: string[] = [];
  const machine = { isRoot: true, hasApt: true, find: () => "/bin/it" };

  const programs = await installPrograms((line) => lines.push(line), machine);

  expect(programs).toEqual({ present: PROGRAM_NAMES, missing: [] });
  expect(lines).toEqual([]);
});

test.each([
  ["not as root", { isRoot: false, hasApt: true }, "only root can install it"],
  ["without apt", { isRoot: true, hasApt: false }, "the machine has no apt-get"],
])("%s nothing is installed, and each missing program says why", async (_, machine, reason) => {
  const lines: string[] = [];

  const programs = await installPrograms((line) => lines.push(line), { ...machine, find });

  expect(programs.present).toEqual(["postgres"]);
  expect(programs.missing).toEqual(
    PROGRAM_NAMES.filter((name) => name !== "postgres").map((name) => ({
      name,
      reason: expect.stringContaining(reason),
    })),
  );
  expect(lines).toEqual([]);
});

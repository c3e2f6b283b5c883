import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { behindLinks } from "./link-target.ts";

test("what is behind a link is found, also when it is not there yet or the link's directory is a link", async () => {
  const directory = scratch();
  mkdirSync(join(directory, "disk/app"), { recursive: true });
  writeFileSync(join(directory, "disk/there.db"), "");
  symlinkSync("disk/app", join(directory, "app"));
  symlinkSync("../there.db", join(directory, "disk/app/there.db"));
  symlinkSync("../gone.db", join(directory, "disk/app/gone.db"));
  symlinkSync("gone.db", join(directory, "disk/app/second.db"));

  expect(await behindLinks(join(directory, "app/there.db"))).toBe(join(directory, "disk/there.db"));
  for (const name of ["gone.db", "second.db"]) {
    expect(await behindLinks(join(directory, "app", name))).toBe(join(directory, "disk/gone.db"));
  }
  expect(await behindLinks(join(directory, "app/new.db"))).toBe(join(directory, "disk/app/new.db"));
  expect(await behindLinks(join(directory, "no/new.db"))).toBe(join(directory, "no/new.db"));
});

test("links that lead in a circle are refused", async () => {
  const directory = scratch();
  symlinkSync("b", join(directory, "a"));
  symlinkSync("a", join(directory, "b"));

  await expect(behindLinks(join(directory, "a"))).rejects.toThrow("ELOOP");
});

function scratch(): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "links-")));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { withBackupLock } from "./database-hold.ts";

test("the lock needs no room on the disk, so that what fills it can be removed", async () => {
  const parent = mkdtempSync(join(tmpdir(), "backup-lock-"));
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
  const directory = join(parent, "backups");
  const { signal } = new AbortController();

  await withBackupLock({ directory, prefix: "ventas_", signal }, async () => {
    expect(readdirSync(directory)).toEqual([".ventas_lock"]);
    expect(statSync(join(directory, ".ventas_lock")).size).toBe(0);
  });
});

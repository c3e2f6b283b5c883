import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  addUsers,
  countUsers,
  KEPT_FILE,
  logIn,
  showSection,
  visitConsole,
} from "../../../testing/console-scene.ts";
import { scratchDirectory } from "../../../testing/scratch-directory.ts";

test("a backup is taken and downloaded, byte by byte as it is on the disk", async (context) => {
  const { page, problems, directory } = await visitConsole(context);
  await logIn(page);
  await showSection(page, "Backups");

  await page.getByRole("button", { name: "Back up now" }).click();
  await page.getByText("Backup: ok").waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download" }).click(),
  ]);

  const onDisk = await readFile(join(directory, "backups", download.suggestedFilename()));
  expect(onDisk.equals(await readFile(await download.path()))).toBe(true);
  expect(onDisk.length).toBeGreaterThan(0);
  await page.getByText("users: 2 rows").waitFor();
  await showSection(page, "History");
  const words = await page.getByRole("row", { name: "backup" }).locator("summary").textContent();
  expect(words).toMatch(/createdAt: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/);
  expect(problems).toEqual([]);
});

test("a backup is restored only by who types its name", async (context) => {
  const { page, problems, directory } = await visitConsole(context);
  await logIn(page);
  await showSection(page, "Backups");
  await page.getByRole("button", { name: "Back up now" }).click();
  await page.getByText("Backup: ok").waitFor();
  addUsers(directory, 3);

  await page.getByRole("button", { name: "Restore…" }).click();
  const dialog = page.getByRole("dialog");
  const restore = dialog.getByRole("button", { name: "Restore" });
  const typed = dialog.getByLabel("Type shop_");
  await typed.fill("shop");
  expect(await restore.isDisabled()).toBe(true);
  await typed.fill((await page.getByText(/^shop_.*\.db$/).textContent()) ?? "");
  await restore.click();

  await page.getByText(/^Restore of .*: ok$/).waitFor();
  expect(countUsers(directory)).toBe(2);
  expect(problems).toEqual([]);
});

test("a database of one's own is sent, checked and restored", async (context) => {
  const { page, problems, directory } = await visitConsole(context);
  const mine = scratchDirectory();
  addUsers(mine, 7);
  await logIn(page);
  await showSection(page, "Backups");

  await page.getByRole("button", { name: "Restore from a file…" }).click();
  await page.getByLabel("File, such as shop.db").setInputFiles(join(mine, "shop.db"));
  await page.getByRole("dialog").getByRole("button", { name: "Send" }).click();
  await page.getByLabel("Type shop.db").fill("shop.db");
  await page.getByRole("dialog").getByRole("button", { name: "Restore" }).click();

  await page.getByText("Restore of shop.db: ok").waitFor();
  expect(countUsers(directory)).toBe(7);
  expect(problems).toEqual([]);
});

test("all smoke tests are run at once, and what is wrong stands at the top", async (context) => {
  const { page, problems } = await visitConsole(context);
  await logIn(page);
  await showSection(page, "Checks");

  await page.getByRole("button", { name: "Run all smoke tests" }).click();

  await page.getByText(/^Smoke tests: (CHECK|FAIL) \(\d+ OK, \d+ CHECK, \d+ FAIL\)/).waitFor();
  const results = await page.getByRole("row").locator("td:first-child").allTextContents();
  const ranks = results.map((it) => ["FAIL", "CHECK", "OK"].indexOf(it));
  expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
  expect(new Set(results)).toContain("OK");
  expect(problems).toEqual([]);
});

test("a toggle is turned off, and the page says who did it", async (context) => {
  const { page, problems, directory } = await visitConsole(context);
  await logIn(page);
  await showSection(page, "Toggles");

  await page.getByRole("button", { name: "Turn digests off" }).click();

  await page.getByRole("row", { name: "digests" }).getByText("by manual ada").waitFor();
  expect(existsSync(join(directory, "tools", ".digest_disabled"))).toBe(true);
  expect(problems).toEqual([]);
});

test("a file of the disk is replaced by who types its name, and the old one is kept", async (context) => {
  const { page, problems, directory } = await visitConsole(context);
  await logIn(page);
  await showSection(page, "Files");
  await page.getByRole("link", { name: "snapshots/" }).click();

  await page.getByRole("button", { name: `Replace ${KEPT_FILE}` }).click();
  const dialog = page.getByRole("dialog");
  const file = { name: "mine.csv", mimeType: "text/csv", buffer: Buffer.from("after\n") };
  await dialog.getByLabel("File").setInputFiles(file);
  await dialog.getByLabel(`Type ${KEPT_FILE}`).fill(KEPT_FILE);
  await dialog.getByRole("button", { name: "Replace" }).click();

  await page.getByText(`${KEPT_FILE} was replaced.`).waitFor();
  const folder = join(directory, "disk", "snapshots");
  const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
  expect(texts.toSorted()).toEqual(["after\n", "before\n"]);
  expect(readFileSync(join(folder, KEPT_FILE), "utf8")).toBe("after\n");
  expect(problems).toEqual([]);
});

test("a cache is refreshed by hand, and the page says by whom", async (context) => {
  const { page, problems } = await visitConsole(context);
  await logIn(page);
  await showSection(page, "Caches");

  await page.getByRole("button", { name: "Refresh clans" }).click();

  const row = page.getByRole("row", { name: "clans" });
  await row.getByText("2 rows").waitFor();
  expect(await row.textContent()).toContain("ada");
  expect(problems).toEqual([]);
});

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findUpload, receiveUpload, type Upload } from "./uploads.ts";
import { scratchDirectory } from "../../testing/scratch-directory.ts";

const NOW = new Date("2026-01-06T22:00:00Z");

test("an upload is kept with what is known of it, in place of an older one of its name", async () => {
  const directory = scratchDirectory();
  const content = "a database";

  await receiveUpload(upload(directory, "older"), NOW);
  const receipt = await receiveUpload(upload(directory, content), NOW);

  const sha256 = sha256Of(content);
  expect(receipt).toEqual({
    sizeBytes: content.length,
    sha256,
    receivedAt: "2026-01-06T22:00:00.000Z",
    by: "ana",
  });
  const found = await findUpload(directory, "pc.db");
  expect(found).toEqual({ path: join(directory, "pc.db"), sizeBytes: content.length, receipt });
  expect(readFileSync(join(directory, "pc.db"), "utf8")).toBe(content);
  expect(readdirSync(directory).toSorted()).toEqual(["pc.db", "pc.db.receipt.json"]);
});

test("what is too large, not what its sender said or badly named is not kept, and the old one stays", async () => {
  const directory = scratchDirectory();
  await receiveUpload(upload(directory, "first"), NOW);
  const refused = async (wrong: Partial<Upload>) =>
    receiveUpload({ ...upload(directory, "second"), ...wrong }, NOW);

  await expect(refused({ bytesMax: 5 })).rejects.toMatchObject({
    reason: "size",
    message: "pc.db: is larger than 5 bytes.",
  });
  await expect(refused({ sha256: sha256Of("other") })).rejects.toMatchObject({
    reason: "checksum",
    message: expect.stringContaining("pc.db: has the SHA-256"),
  });
  for (const name of [
    "../pc.db",
    ".pc.db",
    "a/b.db",
    "pc.txt",
    "",
    "pc.db\0",
    `${"x".repeat(200)}.db`,
  ]) {
    await expect(refused({ name }), name).rejects.toMatchObject({ reason: "name" });
    expect(await findUpload(directory, name)).toBeUndefined();
  }
  expect(readdirSync(directory).toSorted()).toEqual(["pc.db", "pc.db.receipt.json"]);
  expect(readFileSync(join(directory, "pc.db"), "utf8")).toBe("first");
});

test("a sender that goes away in the middle leaves nothing", async () => {
  const directory = scratchDirectory();
  const body = (async function* () {
    yield Buffer.from("half");
    throw new Error("the connection was lost");
  })();

  await expect(receiveUpload({ ...upload(directory, "whole"), body }, NOW)).rejects.toThrow("lost");

  expect(readdirSync(directory)).toEqual([]);
});

test("what a killed process left is removed by the next upload, and one under way is not", async () => {
  const directory = scratchDirectory();
  const [left, underWay] = [".old.db.0123abcd.part", ".new.db.0123abcd.part"];
  for (const name of [left, underWay]) writeFileSync(join(directory, name), "half");
  const atOnce = NOW.getTime() / 1000;
  utimesSync(join(directory, left), atOnce, atOnce - 7_200);
  utimesSync(join(directory, underWay), atOnce, atOnce - 60);

  await receiveUpload(upload(directory, "whole"), NOW);

  const names = readdirSync(directory);
  expect(names).toContain(underWay);
  expect(names).not.toContain(left);
});

test("a file that came another way has no receipt, and a link is no upload", async () => {
  const directory = scratchDirectory();
  writeFileSync(join(directory, "copied.db"), "x");
  symlinkSync("/etc/passwd", join(directory, "link.db"));

  expect(await findUpload(directory, "copied.db")).toMatchObject({ receipt: undefined });
  expect(await findUpload(directory, "link.db")).toBeUndefined();
  expect(await findUpload(directory, "none.db")).toBeUndefined();
});

function upload(directory: string, content: string): Upload {
  const body = (async function* () {
    yield Buffer.from(content);
  })();
  const sha256 = sha256Of(content).toUpperCase();
  return { directory, name: "pc.db", body, sha256, bytesMax: 100, by: "ana" };
}

function sha256Of(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

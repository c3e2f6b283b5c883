import { RuntimeManifest } from "../contract/manifest.ts";
import { keepLinks } from "./link-keeper.ts";
import { linkPersisted } from "./links.ts";
import { StartRefused } from "./start-refused.ts";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statfsSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";

const log = pino({ enabled: false });
let root: string;
let app: string;
let disk: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "opspec-links-"));
  app = join(root, "app");
  disk = join(root, "disk");
  mkdirSync(app);
  mkdirSync(disk);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function manifest(persist: string[], more: object = {}): RuntimeManifest {
  return RuntimeManifest.parse({
    version: 1,
    runtime: "0.1.0",
    system: "vega",
    stack: "vega-cockpit",
    environment: "production",
    process: "web",
    timezone: "UTC",
    disk: { mount: disk, persist },
    jobs: [],
    ...more,
  });
}

function link(persist: string[], more?: object) {
  return linkPersisted(manifest(persist, more), app, log);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

async function problemsOf(promise: Promise<unknown>): Promise<readonly string[]> {
  const error = await promise.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof StartRefused)) throw new Error("the start was not refused");
  return error.problems.map((text) => text.replaceAll(root, ""));
}

test("a directory that is nowhere yet is made on the disk and linked", async () => {
  await link(["backups"]);

  expect(readlinkSync(join(app, "backups"))).toBe(join(disk, "backups"));
  write(join(app, "backups/a.db"), "a");
  expect(readFileSync(join(disk, "backups/a.db"), "utf8")).toBe("a");
});

test("the data of a real directory is moved to the disk when the disk has none", async () => {
  write(join(app, "logs/2026/a.log"), "a");
  symlinkSync("a.log", join(app, "logs/2026/latest"));

  await link(["logs"]);

  expect(lstatSync(join(app, "logs")).isSymbolicLink()).toBe(true);
  expect(readFileSync(join(disk, "logs/2026/a.log"), "utf8")).toBe("a");
  expect(readlinkSync(join(disk, "logs/2026/latest"))).toBe("a.log");
});

test("a real directory is merged into the disk's where no names clash", async () => {
  write(join(app, "logs/new.log"), "new");
  write(join(app, "logs/same.log"), "same");
  write(join(app, "logs/deep/x"), "x");
  write(join(disk, "logs/old.log"), "old");
  write(join(disk, "logs/same.log"), "same");
  write(join(disk, "logs/deep/y"), "y");

  await link(["logs"]);

  expect(readdirSync(join(app, "logs")).toSorted()).toEqual([
    "deep",
    "new.log",
    "old.log",
    "same.log",
  ]);
  expect(readdirSync(join(disk, "logs/deep")).toSorted()).toEqual(["x", "y"]);
});

test("files of one name that differ refuse the start, both are named and nothing is moved", async () => {
  write(join(app, "logs/a.log"), "here");
  write(join(app, "logs/other.log"), "other");
  write(join(disk, "logs/a.log"), "there");
  write(join(app, "backups/b"), "b");

  const problems = await problemsOf(link(["logs", "backups"]));

  expect(problems).toEqual([
    'disk/persist "logs": "/app/logs/a.log" and "/disk/logs/a.log" both exist and differ. ' +
      "Remove the one that is not needed; nothing was moved.",
  ]);
  expect(readFileSync(join(disk, "logs/a.log"), "utf8")).toBe("there");
  expect(existsSync(join(app, "logs/other.log"))).toBe(true);
  expect(lstatSync(join(app, "backups")).isDirectory()).toBe(true);
});

test("a correct link is left as it is", async () => {
  await link(["backups"]);
  const before = lstatSync(join(app, "backups")).ino;

  await link(["backups"]);

  expect(lstatSync(join(app, "backups")).ino).toBe(before);
});

test("a link to another place and a link to nothing are corrected", async () => {
  mkdirSync(join(root, "elsewhere"));
  symlinkSync(join(root, "elsewhere"), join(app, "backups"));
  symlinkSync(join(root, "nothing"), join(app, "logs"));

  await link(["backups", "logs"]);

  expect(readlinkSync(join(app, "backups"))).toBe(join(disk, "backups"));
  expect(readlinkSync(join(app, "logs"))).toBe(join(disk, "logs"));
  expect(lstatSync(join(disk, "logs")).isDirectory()).toBe(true);
});

test("a right link whose target is missing gets its target", async () => {
  symlinkSync(join(disk, "logs"), join(app, "logs"));

  await link(["logs"]);

  expect(lstatSync(join(disk, "logs")).isDirectory()).toBe(true);
});

test("a link is never nested inside a directory, and one that was is removed", async () => {
  write(join(app, "backups/a.db"), "a");
  symlinkSync(join(disk, "backups"), join(app, "backups/backups"));
  mkdirSync(join(disk, "backups"));
  symlinkSync(join(disk, "backups"), join(disk, "backups/backups"));

  await link(["backups"]);

  expect(readdirSync(join(app, "backups"))).toEqual(["a.db"]);
  expect(lstatSync(join(app, "backups")).isSymbolicLink()).toBe(true);
});

test("a path inside another persisted directory, and an app on the disk itself, need no link", async () => {
  await link(["logs", "logs/deep/x.jsonl", "logs/"]);
  const onDisk = join(disk, "logs");

  const linked = await linkPersisted(manifest(["logs"]), disk, log);

  expect(lstatSync(onDisk).isDirectory()).toBe(true);
  expect(linked).toEqual([]);
  expect(existsSync(join(onDisk, "deep"))).toBe(false);
});

test("a file's data goes to the disk, and a file there and here refuses the start", async () => {
  write(join(app, "data/shop.db"), "rows");
  await link(["data/shop.db"]);
  expect(readFileSync(join(disk, "data/shop.db"), "utf8")).toBe("rows");

  rmSync(join(app, "data/shop.db"));
  write(join(app, "data/shop.db"), "others");
  const problems = await problemsOf(link(["data/shop.db"]));

  expect(problems).toHaveLength(1);
  expect(readFileSync(join(disk, "data/shop.db"), "utf8")).toBe("rows");
});

test("a directory here and a file there is a clash", async () => {
  write(join(app, "state/a"), "a");
  write(join(disk, "state"), "file");

  expect(await problemsOf(link(["state"]))).toHaveLength(1);
});

test("a disk that is not mounted and a path that leaves it are refused together", async () => {
  rmSync(disk, { recursive: true });

  expect(await problemsOf(link(["../secrets", "backups"]))).toEqual([
    'disk/persist "../secrets": leads out of the app\'s directory. Correct it.',
    'disk/mount "/disk": no such directory. Attach the disk there; without it, data would be lost.',
  ]);
});

const MARKER = "tools/.digest_disabled";
const TOGGLES = { toggles: [{ name: "digest", reader: { kind: "marker", path: MARKER } }] };

test("a marker that does not exist reads as absent, and creating it creates it on the disk", async () => {
  await link([MARKER], TOGGLES);

  expect(existsSync(join(app, MARKER))).toBe(false);
  writeFileSync(join(app, MARKER), "");
  expect(existsSync(join(disk, MARKER))).toBe(true);
});

test("a marker on the disk switches off again after a deploy with a fresh directory", async () => {
  write(join(disk, MARKER), "");

  await link([MARKER], TOGGLES);

  expect(existsSync(join(app, MARKER))).toBe(true);
});

test("a marker that the app deletes is deleted on the disk and its link is remade", async () => {
  write(join(disk, MARKER), "");
  const keeper = keepLinks(await link([MARKER], TOGGLES), log);

  rmSync(join(app, MARKER));
  await keeper.stop();

  expect(existsSync(join(disk, MARKER))).toBe(false);
  expect(lstatSync(join(app, MARKER)).isSymbolicLink()).toBe(true);
});

test("a file that is no marker keeps its data when the app deletes the link", async () => {
  write(join(disk, "shop.db"), "rows");
  const keeper = keepLinks(await link(["shop.db"]), log);

  rmSync(join(app, "shop.db"));
  await keeper.stop();

  expect(readFileSync(join(app, "shop.db"), "utf8")).toBe("rows");
});

test("a file that the app wrote beside and renamed over the link goes to the disk while it runs", async () => {
  write(join(disk, "state.json"), "old");
  const keeper = keepLinks(await link(["state.json"]), log);

  writeFileSync(join(app, "state.json.tmp"), "new");
  utimesSync(join(app, "state.json.tmp"), 1, 1);
  renameSync(join(app, "state.json.tmp"), join(app, "state.json"));

  await expect
    .poll(() => readFileSync(join(disk, "state.json"), "utf8"), { timeout: 15_000 })
    .toBe("new");
  await expect
    .poll(() => lstatSync(join(app, "state.json")).isSymbolicLink(), { timeout: 15_000 })
    .toBe(true);
  await keeper.stop();
});

const SHM = "/dev/shm";
const hasOtherFileSystem = existsSync(SHM) && statfsSync(SHM).type !== statfsSync(tmpdir()).type;
if (!hasOtherFileSystem)
  console.warn("SKIPPED: no second file system at /dev/shm for persist-links");

test.skipIf(!hasOtherFileSystem)("data moves to a disk that is another file system", async () => {
  disk = mkdtempSync(join(SHM, "opspec-links-"));
  try {
    write(join(app, "logs/a.log"), "a");
    symlinkSync("a.log", join(app, "logs/latest"));

    await link(["logs"]);

    expect(readdirSync(join(disk, "logs")).toSorted()).toEqual(["a.log", "latest"]);
    expect(readFileSync(join(app, "logs/latest"), "utf8")).toBe("a");
  } finally {
    rmSync(disk, { recursive: true });
  }
});

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { type SeenRequest, startHttpServer, type TestAnswer } from "../testing/http-server.ts";

// The program runs with Node's own type stripping, as on a PC. PowerShell is not available, so its script is only read.
const SCRIPT = fileURLToPath(new URL("opspec-pull.mts", import.meta.url));

const TOKEN = "pull-token-of-a-test";

const NEWEST = "ventas_20260106_220000.db";

/** The service's backups, by name. */
type Stored = Readonly<Record<string, string>>;

interface Scene {
  readonly stored?: Stored;
  /** Overrides the answer unless it is undefined. */
  readonly instead?: (request: SeenRequest, nth: number) => TestAnswer | undefined;
  readonly here?: Stored;
  readonly env?: Readonly<Record<string, string>>;
}

/** A service with backups, and a PC that pulls from it. */
async function scene({ stored = { [NEWEST]: "rows" }, instead, here = {}, env = {} }: Scene = {}) {
  const directory = mkdtempSync(join(tmpdir(), "opspec-pull-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(here)) writeFileSync(join(directory, name), text);
  let asked = 0;
  const server = await startHttpServer((request) => {
    asked += 1;
    return instead?.(request, asked) ?? serve(stored, request);
  });
  const variables = { OPSPEC_PULL_TOKEN: TOKEN, OPSPEC_PULL_RETRY_SECONDS: "0", ...env };
  const pull = (...args: string[]) =>
    run(["--url", server.url, "--directory", directory, ...args], variables);
  const files = () => readdirSync(directory).filter((name) => name !== "opspec-pull.log");
  return { pull, files, directory, seen: server.seen, read: readIn(directory) };
}

function readIn(directory: string) {
  return (name: string) => readFileSync(join(directory, name), "utf8");
}

function serve(stored: Stored, { url, headers }: SeenRequest): TestAnswer {
  if (headers.authorization !== `Bearer ${TOKEN}`) return { status: 401, body: { error: "wrong" } };
  if (url === "/ops/backups") return { body: { sets: [listed(stored)] } };
  const text = stored[url.slice("/ops/backups/".length)];
  return text === undefined ? { status: 404 } : { body: text };
}

function listed(stored: Stored) {
  const backups = Object.entries(stored).map(([filename, text]) => ({
    filename,
    size: Buffer.byteLength(text),
    sha256: createHash("sha256").update(text).digest("hex"),
  }));
  return { job: "backup", prefix: "ventas_", keep: 10, backups };
}

function run(args: readonly string[], env: Readonly<Record<string, string>>) {
  return new Promise<{ code: number; text: string }>((resolve) => {
    const options = { env: { PATH: process.env["PATH"], ...env } };
    const child = execFile(process.execPath, [SCRIPT, ...args], options, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, text: `${stdout}${stderr}` }),
    );
  });
}

test("the newest backup by name is downloaded, verified and logged", async () => {
  const stored = { "ventas_20260105_220000.db": "old", [NEWEST]: "rows", "ventas_x.db": "none" };
  const { pull, files, read, seen } = await scene({ stored });

  const { code, text } = await pull();

  expect(code).toBe(0);
  expect(files()).toEqual([NEWEST]);
  expect(read(NEWEST)).toBe("rows");
  expect(text).toMatch(/^\S+Z downloaded ventas_20260106_220000\.db: 4 bytes, sha256 verified\n$/);
  expect(read("opspec-pull.log")).toBe(text);
  expect(seen.map(({ url }) => url)).toEqual(["/ops/backups", `/ops/backups/${NEWEST}`]);
});

test("of one second the highest number is the newest", async () => {
  const names = [9, 10].map((it) => `ventas_20260106_220000_${it}.db`);
  const stored = { [NEWEST]: "a", [names[0] ?? ""]: "b", [names[1] ?? ""]: "c" };
  const { pull, files } = await scene({ stored });

  await pull();

  expect(files()).toEqual([names[1]]);
});

test("a backup that is here already is not downloaded again", async () => {
  const { pull, seen } = await scene({ here: { [NEWEST]: "rows" } });

  const { code, text } = await pull();

  expect(code).toBe(0);
  expect(text).toContain(`skipped ${NEWEST}: it is here already`);
  expect(seen).toHaveLength(1);
});

test("a backup that was damaged on the PC is downloaded again", async () => {
  const { pull, read } = await scene({ here: { [NEWEST]: "rots" } });

  expect((await pull()).code).toBe(0);
  expect(read(NEWEST)).toBe("rows");
});

test("ten are kept, the newest by name, and nothing but backups of that database is removed", async () => {
  const old = Array.from({ length: 12 }, (_, n) => `ventas_202501${10 + n}_220000.db`);
  const others = ["otra_20200101_000000.db", "ventas.db.before_restore", "ventas_notes.txt"];
  const here = Object.fromEntries([...old, ...others].map((name) => [name, name]));
  const { pull, files } = await scene({ here });

  const { text } = await pull();

  expect(files()).toEqual([...others, ...old.slice(3), NEWEST].toSorted());
  expect(text.match(/ removed /g)).toHaveLength(3);
});

test("the backup that was verified last is never removed, whatever its name says", async () => {
  const { pull, files } = await scene({ here: { "ventas_20990101_000000.db": "from the future" } });

  await pull("--keep", "1");

  expect(files()).toEqual([NEWEST, "ventas_20990101_000000.db"]);
});

test.each([
  ["a wrong token", { env: { OPSPEC_PULL_TOKEN: "wrong" } }, "list: HTTP 401: the token is wrong"],
  ["a list that fails", { instead: () => ({ status: 500 }) }, "list: HTTP 500"],
  ["a list that is none", { instead: () => ({ body: [] }) }, "list: the answer has no sets"],
  ["no backup at all", { stored: {} }, "the service has no backup with a checksum"],
  [
    "a service that points elsewhere",
    { instead: () => ({ status: 302, headers: { location: "http://127.0.0.1:9/" } }) },
    "list: HTTP 302",
  ],
  [
    "a download that is refused",
    { instead: ({ url }) => (url === "/ops/backups" ? undefined : { status: 404 }) },
    `download ${NEWEST}: HTTP 404`,
  ],
  [
    "a download that is cut off",
    { instead: ({ url }) => (url === "/ops/backups" ? undefined : { body: "row" }) },
    `download ${NEWEST}: got 3 of 4 bytes`,
  ],
  [
    "a download that goes on",
    { instead: ({ url }) => (url === "/ops/backups" ? undefined : { body: "rows and rows" }) },
    `download ${NEWEST}: it is longer than 4 bytes`,
  ],
  [
    "a download with another content",
    { instead: ({ url }) => (url === "/ops/backups" ? undefined : { body: "worm" }) },
    `download ${NEWEST}: its sha256 is not the one that the service lists`,
  ],
] satisfies [string, Scene, string][])(
  "%s ends with 1 and a line, leaves what is here alone and nothing half-done",
  async (_, given, said) => {
    const here = { "ventas_20260101_220000.db": "older" };
    const { pull, files, read } = await scene({ here, ...given });

    const { code, text } = await pull("--keep", "1");

    expect(code).toBe(1);
    expect(text).toContain(`failed: ${said}`);
    expect(read("opspec-pull.log")).toBe(text);
    expect(files()).toEqual(Object.keys(here));
    expect(text).not.toContain(TOKEN);
  },
);

test("a service that is away for a moment is asked again, three times at most", async () => {
  const away = { status: 503 };
  const once = await scene({ instead: (_, nth) => (nth === 1 ? away : undefined) });
  const always = await scene({ instead: () => away });

  const first = await once.pull();
  expect(first.code).toBe(0);
  expect(first.text).toContain("list: HTTP 503; try 1 of 3");
  expect((await always.pull()).code).toBe(1);
  expect(always.seen).toHaveLength(3);
});

test("a name that leads out of the folder is no backup", async () => {
  const { pull, files, seen } = await scene({ stored: { "../ventas_20260106_220000.db": "rows" } });

  expect((await pull()).code).toBe(1);
  expect(files()).toEqual([]);
  expect(seen).toHaveLength(1);
});

test("what a killed pull left is removed a day later", async () => {
  const left = [`.${NEWEST}.41.part`, `.${NEWEST}.42.part`];
  const { pull, files, directory } = await scene({
    here: Object.fromEntries(left.map((it) => [it, "r"])),
  });
  utimesSync(join(directory, left[0] ?? ""), new Date(0), new Date(0));

  await pull();

  expect(files()).toEqual([left[1], NEWEST]);
});

test("the token may be in a file, also in one that a Windows editor wrote", async () => {
  const { pull, directory } = await scene({ env: { OPSPEC_PULL_TOKEN: "" } });
  const file = join(directory, "token.txt");
  writeFileSync(file, `\uFEFF${TOKEN}\r\n`);

  expect((await pull("--token-file", file)).code).toBe(0);
});

test.each([
  [{}, "url: should be the https address of the service"],
  [{ OPSPEC_PULL_URL: "http://api.example.com" }, "url: should be the https address"],
  [{ OPSPEC_PULL_URL: "https://api.example.com" }, "token: should be one word"],
  [
    { OPSPEC_PULL_URL: "https://api.example.com", OPSPEC_PULL_TOKEN: "t", OPSPEC_PULL_KEEP: "0" },
    "keep: should be a number from 1 to 9999, got 0",
  ],
])("what is set wrong ends with 1 and says what to do: %o", async (env, said) => {
  const { code, text } = await run([], { ...env });

  expect(code).toBe(1);
  expect(text).toContain(said);
});

/** The script's messages, in the parts between their values. */
function toldPieces(script: string): string[] {
  const told = [...script.matchAll(/(?:PullError\(|say\(settings, )\s*(["`])(.*?)\1[,)]/gs)];
  return told
    .flatMap(([, , text = ""]) => text.split(/\$\{.*?\}/))
    .map((piece) => piece.replace("--url", "-Url").replace("--token-file", "-TokenFile"))
    .filter((piece) => piece.trim().length > 1);
}

function scriptText(name: string): string {
  return readFileSync(new URL(name, import.meta.url), "utf8");
}

test("the PowerShell script has the same paths, names, limits and words", () => {
  const [node = "", powershell = ""] = ["opspec-pull.mts", "opspec-pull.ps1"].map(scriptText);
  const told = toldPieces(node);

  expect(told.length).toBeGreaterThan(20);
  expect(told.filter((piece) => !powershell.includes(piece))).toEqual([]);
  for (const name of ["URL", "TOKEN", "TOKEN_FILE", "DIRECTORY", "KEEP", "RETRY_SECONDS"]) {
    expect(powershell).toContain(`OPSPEC_PULL_${name}`);
  }
  for (const same of [
    "'/ops/backups'",
    '"/ops/backups/$name"',
    "'opspec-pull.log'",
    "'OpspecBackups'",
    '".$name.$PID.part"',
    "$AttemptsMax = 3",
    "$DefaultRetrySeconds = '30'",
    "$DefaultKeep = '10'",
    "$ListLimitSeconds = 60",
    "$DownloadLimitSeconds = 3600",
    "$LogBytesMax = 1MB",
    "$LeftoverHours = 24",
    "-MaximumRedirection 0",
    'Authorization = "Bearer $Token"',
  ]) {
    expect(powershell).toContain(same);
  }
});

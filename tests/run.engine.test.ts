import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type CheckoutCopy, copyCheckout } from "../infra/testing/checkout-copy.ts";

/** The first steps of a new user, in a copy of the checkout. The tests run in order. */
const STACK = "sample";

/** Limit for building, starting and waiting for the next full minute on a busy machine. */
const WAIT = { timeout: 170_000, interval: 200 };

let copied: CheckoutCopy;
let started: ChildProcess;
let said = "";
let url = "";
let token = "";

beforeAll(() => {
  copied = copyCheckout();
});

afterAll(async () => {
  if (started?.exitCode === null && started.signalCode === null) {
    started.kill("SIGTERM");
    await once(started, "exit");
  }
  copied.remove();
});

/** Runs the script of npm start until it has printed a text. */
async function start(until: string): Promise<void> {
  said = "";
  const script = join(copied.checkout, "scripts", "start.ts");
  started = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [started.stdout, started.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => void (said += text));
  }
  await vi.waitFor(() => {
    if (started.exitCode === null && !said.includes(until)) throw new Error(said);
  }, WAIT);
  expect(said).toContain(until);
  url = /The sample is live: (\S+)\//.exec(said)?.[1] ?? "";
  token = /Bearer (\w\S+)"/.exec(said)?.[1] ?? "";
}

async function stop(signal: NodeJS.Signals): Promise<unknown[]> {
  started.kill(signal);
  return once(started, "exit");
}

function opspec(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const bin = join(copied.checkout, "scripts", "bin", "opspec.mjs");
  return new Promise((resolve) => {
    execFile(process.execPath, [bin, ...args], (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr }),
    );
  });
}

async function page(): Promise<string> {
  return (await fetch(`${url}/`)).text();
}

/** Processes that run in the copy. A zombie has no working directory. */
function processesOfSample(): string[] {
  return readdirSync("/proc").flatMap((id) => {
    try {
      const directory = readlinkSync(`/proc/${id}/cwd`);
      const isInside = directory.startsWith(join(copied.checkout, ".opspec"));
      return isInside ? [readFileSync(`/proc/${id}/cmdline`, "utf8").replaceAll("\0", " ")] : [];
    } catch {
      return [];
    }
  });
}

test("npm start shows a live page, a job by hand and jobs by the clock with their records, and verifies all", async () => {
  await start("The local cloud keeps running:");

  expect(await page()).toContain("Hello from the Opspec sample");
  expect(said).toMatch(/"job":"forget-visits".*"status":"ok"|"status":"ok".*"job":"forget-visits"/);
  for (const line of ["heartbeat", "report", "forget-visits"]) {
    expect(said).toMatch(new RegExp(`ok +job ${line} ran within`));
  }
  expect(said).toContain(`Its console: ${url}/ops  (log in with ${token})`);
  expect(said).toMatch(/ok +web answers \/healthz with 200/);
  expect(said).toMatch(/ 0 failed, 0 not checked/);
});

test("/ops/jobs tells the last run of each job, and is closed without the token", async () => {
  const closed = await fetch(`${url}/ops/jobs`);
  const answer = await fetch(`${url}/ops/jobs`, { headers: { authorization: `Bearer ${token}` } });
  const { jobs } = (await answer.json()) as { jobs: { name: string; last: object }[] };

  expect(closed.status).toBe(401);
  expect(jobs.map(({ name, last }) => ({ name, ...last }))).toEqual([
    expect.objectContaining({ name: "forget-visits", status: "ok", actor: "manual npm start" }),
    expect.objectContaining({ name: "heartbeat", status: "ok" }),
    expect.objectContaining({ name: "report", status: "ok", actor: "call" }),
  ]);
});

test("a changed variable replaces the instance: the old one ends in order, the disk keeps the visits", async () => {
  const spec = join(copied.checkout, "stacks", `${STACK}.ops.yaml`);
  const visits = Number(/included: (\d+)/.exec(await page())?.[1]);
  writeFileSync(spec, readFileSync(spec, "utf8").replace("Hello from", "Changed by"));

  const up = await opspec("up", STACK, "--local", "--json");

  expect(up).toMatchObject({ code: 0 });
  expect(JSON.parse(up.stdout)).toMatchObject({ changes: 1 });
  expect(await page()).toContain("Changed by the Opspec sample");
  expect(Number(/included: (\d+)/.exec(await page())?.[1])).toBeGreaterThan(visits);
  expect(await logs()).toMatch(/"logger":"supervise".*"msg":"stopped"/);
  expect(await opspec("verify", STACK, "--local")).toMatchObject({ code: 0 });
});

test("a job whose command is not in the image stops the up and is named, and the old version serves on", async () => {
  const spec = join(copied.checkout, "stacks", `${STACK}.ops.yaml`);
  const good = readFileSync(spec, "utf8");
  writeFileSync(spec, good.replace("command: rm -f", "command: forget-them"));

  const up = await opspec("up", STACK, "--local");
  writeFileSync(spec, good);

  expect(up.code).toBe(1);
  expect(up.stdout + up.stderr).toContain("jobs/forget-visits/command");
  expect(up.stdout + up.stderr).toContain("forget-them");
  expect(await page()).toContain("Changed by the Opspec sample");
  expect(await opspec("up", STACK, "--local")).toMatchObject({ code: 0 });
});

/** The service's log, from Render's API. */
async function logs(): Promise<string> {
  const render = /keeps running: (\S+)/.exec(said)?.[1] ?? "";
  const address = join(copied.checkout, ".opspec", "local", "cloud-address.json");
  const own = JSON.parse(readFileSync(address, "utf8")) as { token: string };
  const headers = { authorization: `Bearer ${own.token}` };
  const listed = await fetch(`${render}v1/services?type=web_service`, { headers });
  const [{ service }] = (await listed.json()) as [{ service: { id: string; ownerId: string } }];
  const query = `ownerId=${service.ownerId}&resource=${service.id}&limit=100`;
  return (await fetch(`${render}v1/logs?${query}`, { headers }))
    .text()
    .then((it) => it.replaceAll('\\"', '"'));
}

test("Ctrl-C leaves no process, and the next start finds what was live and changes nothing", async () => {
  expect(await stop("SIGINT")).toEqual([0, null]);
  expect(processesOfSample()).toEqual([]);

  await start("The local cloud keeps running:");

  expect(said.match(/Nothing changes\./g)).toHaveLength(2);
  expect(await page()).toContain("Changed by the Opspec sample");
});

test("a cloud that is killed leaves no process either", async () => {
  await stop("SIGKILL");

  await vi.waitFor(() => expect(processesOfSample()).toEqual([]), WAIT);
});

test("destroy leaves no process and no disk", async () => {
  await start("The sample is live:");
  await vi.waitFor(() => expect(said).toContain("The local cloud keeps running:"), WAIT);

  expect(await opspec("destroy", STACK, "--local", "--allow-data-loss")).toMatchObject({ code: 0 });

  await vi.waitFor(() => expect(processesOfSample()).toEqual([]), WAIT);
  expect(readdirSync(join(copied.checkout, ".opspec", "local", "run", "disks"))).toEqual([]);
  expect(await stop("SIGTERM")).toEqual([0, null]);
});

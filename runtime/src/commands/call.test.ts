import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test, type TestContext, vi } from "vitest";
import type { RunRecord } from "../contract/run-record.ts";
import { nodeListener } from "../http.ts";
import { openOps } from "../ops/app.ts";
import type { RunProcess } from "../run/run.ts";
import { scratchManifest, scratchProcess } from "../../testing/scratch-process.ts";
import { startHttpServer } from "../../testing/http-server.ts";
import { usePostgres } from "../../testing/servers.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const TOKEN = "planted-call-token";
const OPS_TOKEN = "planted-ops-token";

const postgres = usePostgres();

interface Called {
  readonly code: number;
  readonly lines: Readonly<Record<string, unknown>>[];
  readonly stderr: string;
}

async function call(args: readonly string[], url: string, token = TOKEN): Promise<Called> {
  return callWith(args, { OPSPEC_CALL_URL: url, OPSPEC_CALL_TOKEN: token });
}

async function callWith(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Called> {
  const child = spawn(process.execPath, [MAIN, "call", ...args], {
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => (stdout += chunk));
  child.stderr.on("data", (chunk) => (stderr += chunk));
  const [code] = await once(child, "close");
  const lines = stdout.split("\n").filter((line) => line !== "");
  return { code, lines: lines.map((line) => JSON.parse(line)), stderr };
}

/** A service that owns jobs which a cron job calls, with its real ops paths. */
async function service(command: string): Promise<RunProcess> {
  const { process: owner } = await scratchProcess({
    jobs: [{ name: "digest", command, startedBy: "call" }],
    env: { OPSPEC_CALL_TOKEN: TOKEN, OPSPEC_OPS_TOKEN: OPS_TOKEN },
  });
  return owner;
}

async function listen(server: Server, port = 0): Promise<string> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function serverOf(owner: RunProcess): Server {
  return createServer(nodeListener(openOps(owner).fetch));
}

test.each([
  ["sleep 1", 0, "ok"],
  ["exit 3", 1, "failed"],
  ["exit 75", 75, "failed"],
])(
  "a call lets the service run `%s`, ends with %i and says its record in one line",
  async (command, code, status) => {
    const owner = await service(command);
    const url = await listen(serverOf(owner));

    const called = await call(["digest"], url);

    const [record] = await owner.records.list({ limit: 1 });
    expect(called.code).toBe(code);
    expect(called.lines).toEqual([
      expect.objectContaining({ msg: "run", status, actor: "call", runId: record?.runId }),
    ]);
    expect(JSON.stringify(called)).not.toContain(TOKEN);
  },
);

test("a call waits while the service is being deployed, and runs the job once", async () => {
  const owner = await service("true");
  const ops = nodeListener(openOps(owner).fetch);
  let refusals = 3;
  const server = createServer((request, response) => {
    refusals -= 1;
    if (refusals < 0) return void ops(request, response);
    response.writeHead(refusals === 1 ? 502 : 503).end("<html>deploying</html>");
  });
  const port = await freePort();

  const calling = call(["digest"], `http://127.0.0.1:${port}`);
  await sleep(3_000);
  await listen(server, port);

  expect(await calling).toMatchObject({ code: 0 });
  expect(await owner.records.list({ limit: 9 })).toHaveLength(1);
});

test("an answer that was lost on the way starts no second run", async () => {
  const owner = await service("echo x >> runs; sleep 1");
  const ops = nodeListener(openOps(owner).fetch);
  let isFirst = true;
  const server = createServer((request, response) => {
    if (isFirst && request.method === "POST") {
      isFirst = false;
      response.writeHead = () => response.destroy();
    }
    ops(request, response);
  });

  expect(await call(["digest"], await listen(server))).toMatchObject({ code: 0 });
  expect(await owner.records.list({ limit: 9 })).toHaveLength(1);
});

test("a service that stays away is given up at the limit, as temporary", async () => {
  const { url } = await startHttpServer(() => ({ status: 503 }));

  const called = await call(["digest", "--wait", "1"], url);

  expect(called.code).toBe(75);
  expect(called.lines.at(-1)).toMatchObject({
    msg: "run",
    status: "failed",
    error: "the service answered HTTP 503 for 1 s",
  });
});

test("what a person says goes along, and what the service refuses of it is told", async () => {
  const owner = await service("true");
  const url = await listen(serverOf(owner));

  const refused = await call(["digest", "--input", "backup=a.db", "--by", "ana"], url, OPS_TOKEN);
  const dry = await call(["digest", "--dry-run", "--by", "ana"], url, OPS_TOKEN);

  expect(refused).toMatchObject({ code: 78 });
  expect(refused.lines.at(-1)).toMatchObject({
    error:
      'the service answered HTTP 400: jobs/digest/input: "command" takes no input. Start it without: backup.',
  });
  expect(dry).toMatchObject({ code: 0, lines: [{ actor: "manual ana", status: "skipped" }] });
});

test("the call token cannot act for a person", async () => {
  const owner = await service("true");

  const called = await call(["digest", "--by", "admin"], await listen(serverOf(owner)));

  expect(called).toMatchObject({ code: 78 });
  expect(called.lines.at(-1)).toMatchObject({
    error:
      "the service answered HTTP 403: actor: the call token cannot act for a person. Use the operators' token.",
  });
  expect(await owner.records.list({ limit: 9 })).toEqual([]);
});

async function postRun(url: string, job: string, runId: string) {
  const response = await fetch(`${url}/ops/jobs/${job}/run`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ runId }),
  });
  return { status: response.status, body: await response.json() };
}

const EARLIER: RunRecord = {
  job: "digest",
  runId: "",
  scheduledFor: "2026-01-01T00:00:00.000Z",
  startedAt: "2026-01-01T00:00:00.000Z",
  actor: "call",
  host: "before",
  commit: null,
  fence: 0,
  status: "ok",
  durationMs: 1,
  attempt: 1,
  exitCode: 0,
  error: null,
  details: {},
};

/** Two instances of a service behind a load balancer that takes turns. */
async function twoInstances(context: TestContext, command: string) {
  const url = await (await postgres(context)).freshDatabase();
  const jobs = [{ name: "digest", command, startedBy: "call" as const }];
  const stores = { records: { kind: "postgres" as const, urlEnv: "DATABASE_URL" } };
  const env = { OPSPEC_CALL_TOKEN: TOKEN, DATABASE_URL: url };
  const owners = await Promise.all([
    scratchProcess({ jobs, manifest: { stores }, env }),
    scratchProcess({ jobs, manifest: { stores }, env }),
  ]);
  const listeners = owners.map(({ process }) => nodeListener(openOps(process).fetch));
  let turn = 0;
  const server = createServer((request, response) => {
    turn += 1;
    listeners[turn % listeners.length]?.(request, response);
  });
  return { url: await listen(server), records: owners[0].process.records };
}

test("a call into a service with two instances gets its record, and runs once", async (context) => {
  const { url, records } = await twoInstances(context, "sleep 1");

  const called = await call(["digest"], url);

  expect(called).toMatchObject({ code: 0, lines: [{ status: "ok" }] });
  expect(await records.list({ limit: 9 })).toHaveLength(1);
});

test("a run id that was used before repeats no run, and one of another job is refused", async (context) => {
  const { url, records } = await twoInstances(context, "true");
  const runId = "10000000-0000-4000-8000-000000000001";
  const other = { ...EARLIER, job: "another", runId: "10000000-0000-4000-8000-000000000002" };
  await records.finish(other);

  await postRun(url, "digest", runId);
  await vi.waitFor(async () => expect(await records.list({ limit: 9 })).toHaveLength(2), 30_000);
  await postRun(url, "digest", runId);
  await postRun(url, "digest", runId);
  const listed = await records.list({ limit: 9 });

  expect(listed.map((it) => it.job).toSorted()).toEqual(["another", "digest"]);
  expect(await postRun(url, "digest", other.runId)).toMatchObject({
    status: 409,
    body: { error: expect.stringContaining(`the run ${other.runId} is of the job "another"`) },
  });
  expect(await records.find(other.runId)).toEqual(other);
});

test("a wrong token, a job that is not there and a URL that is none are wrong configurations", async () => {
  const url = await listen(serverOf(await service("true")));

  const refused = await call(["digest"], url, "another-token");
  const unknown = await call(["other"], url);
  const nowhere = await call(["digest"], "the service", "");

  expect(refused).toMatchObject({ code: 78 });
  expect(refused.lines.at(-1)).toMatchObject({ error: "the service refuses the token" });
  expect(unknown).toMatchObject({ code: 78 });
  expect(nowhere.code).toBe(78);
  expect(nowhere.lines).toMatchObject([
    { problems: [{ where: "OPSPEC_CALL_URL" }, { where: "OPSPEC_CALL_TOKEN" }] },
  ]);
});

test("in the shell of a service, where only its operators' token is missing, that is told", async () => {
  const directory = mkdtempSync(join(tmpdir(), "call-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const app = { front: true, graceSeconds: 10 };
  const path = join(directory, "manifest.json");
  writeFileSync(path, JSON.stringify({ ...scratchManifest({ jobs: [] }), app }));

  const { code, lines } = await callWith(["digest"], { OPSPEC_MANIFEST: path, PORT: "10000" });

  expect(code).toBe(78);
  expect(lines.at(-1)).toMatchObject({
    msg: expect.stringContaining("or set OPSPEC_OPS_TOKEN to call the service of this instance"),
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { createHealth, createLogger, defineJob, nodeListener } from "./app.ts";
import { MANIFEST_VERSION } from "./contract/manifest.ts";
import { RUNTIME_VERSION } from "./version.ts";

const APP = join(import.meta.dirname, "app.ts");

function scratchFile(name: string, text: string): string {
  const directory = mkdtempSync(join(tmpdir(), "opspec-app-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

/** Starts a program that is a job with this work. */
function startJob(work: string, env: Record<string, string> = {}) {
  const text = `import { defineJob, JobFailure } from ${JSON.stringify(APP)};\nawait defineJob("trim", ${work}).main();\n`;
  const child = spawn(process.execPath, [scratchFile("trim.mjs", text)], {
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (part: Buffer) => {
    output += part.toString();
  });
  const ended = once(child, "exit").then(([exitCode]: unknown[]) => ({
    exitCode,
    lines: output
      .trim()
      .split("\n")
      .map((it): unknown => JSON.parse(it)),
  }));
  return { child, ended, output: () => output };
}

test("a defined job is a program: it gets its run, logs one line and ends with 0", async () => {
  const job = startJob(
    `async ({ job, attempt, actor, scheduledFor }) => ({ status: "ok", details: { job, attempt, actor, slot: scheduledFor.toISOString() } })`,
    {
      OPSPEC_JOB: "dead-letter-trim",
      OPSPEC_RUN_ID: "run-1",
      OPSPEC_SCHEDULED_FOR: "2026-11-22T10:00:00.000Z",
      OPSPEC_ATTEMPT: "2",
      OPSPEC_ACTOR: "schedule",
    },
  );

  const { exitCode, lines } = await job.ended;

  expect(exitCode).toBe(0);
  expect(lines).toEqual([
    expect.objectContaining({
      level: "info",
      logger: "trim",
      msg: "job finished",
      trace: "run-1",
      status: "ok",
      details: {
        job: "dead-letter-trim",
        attempt: 2,
        actor: "schedule",
        slot: "2026-11-22T10:00:00.000Z",
      },
    }),
  ]);
});

test.each([
  ["throw new Error('broken')", 1],
  ["throw new JobFailure('try again', { exitCode: 75 })", 75],
  ["return { status: 'skipped', details: {} }", 0],
])("a job that does %s ends with %i", async (body, expected) => {
  const { exitCode, lines } = await startJob(`async () => { ${body}; }`).ended;

  expect([exitCode, lines.length]).toEqual([expected, 1]);
});

test("a job hears of SIGTERM by its signal", async () => {
  const job = startJob(
    `async ({ log, signal }) => {
      const alive = setInterval(() => {}, 1000);
      log.info("waiting");
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      clearInterval(alive);
      throw new JobFailure("interrupted", { exitCode: 75 });
    }`,
  );
  await vi.waitFor(() => expect(job.output()).toContain("waiting"), { timeout: 15_000 });

  job.child.kill("SIGTERM");

  expect((await job.ended).exitCode).toBe(75);
});

test("a configuration that cannot be read ends with 78, in one line", async () => {
  const job = startJob("async () => ({ status: 'ok', details: {} })", {
    OPSPEC_MANIFEST: "/nowhere/manifest.json",
  });

  expect(await job.ended).toMatchObject({ exitCode: 78, lines: [{ level: "error" }] });
});

test("a job's work is tested without a process", async () => {
  const job = defineJob("trim", async ({ attempt }) => ({ status: "ok", details: { attempt } }));

  expect(await job.run({ attempt: 3 })).toEqual({ status: "ok", details: { attempt: 3 } });
});

test("a Node app has health with a check of its own and one listener", async () => {
  const lines: string[] = [];
  const log = createLogger({ name: "shop", env: {}, write: (line) => lines.push(line) });
  const health = createHealth({
    name: "shop",
    env: {},
    log,
    checks: [{ name: "model", kind: "ready", read: () => ({}) }],
  });
  onTestFinished(() => health.close());
  const server = createServer(nodeListener(health.handler)).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());

  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const response = await fetch(`${url}/health`);

  expect(await response.json()).toMatchObject({
    status: "ok",
    system: "shop",
    components: { model: { ok: true } },
  });
  expect(lines).toHaveLength(1);
});

test("an app that was deployed with a manifest answers as its manifest says", async () => {
  const path = scratchFile(
    "manifest.json",
    JSON.stringify({
      version: MANIFEST_VERSION,
      runtime: RUNTIME_VERSION,
      system: "joslyn-ai",
      stack: "joslyn-ai",
      environment: "production",
      process: "api",
      timezone: "UTC",
      jobs: [],
      health: { preset: "joslyn-ai-api" },
    }),
  );
  const log = createLogger({ name: "api", env: {}, write: () => {} });

  const health = createHealth({ env: { OPSPEC_MANIFEST: path }, log });
  const response = await health.handler(new Request("http://api/health"));

  expect(await response.json()).toEqual({ ok: true });
  expect(health.paths).toContain("/internal/metrics/queues");
});

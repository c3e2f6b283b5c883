import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { MANIFEST_VERSION, type RuntimeManifest } from "@opspec/runtime/contract";
import { RUNTIME_VERSION } from "@opspec/runtime/version";
import type { Browser } from "playwright-core";
import { startBrowser } from "../../runtime/testing/browser.ts";
import { freePort } from "../../runtime/testing/server-process.ts";
import { findProgram } from "../bootstrap/test-programs.ts";
import { CHECKOUT } from "../workspace/paths.ts";
import { type Figure, median } from "./figure.ts";

/** Number of visits, each with a new browser profile and therefore without a cache. */
const VISITS = 9;

/** The number of jobs of the largest of the five systems. */
const JOBS = 24;

const TOKEN = "token-of-the-bench";

/** Start limit of the built runtime, in ms. */
const START_LIMIT_MS = 60_000;

/** The measurements of one visit. */
interface Visit {
  /** From the request of the page to its first text, in ms. */
  readonly firstPaintMs: number;
  /** The page with its script and style, with their headers. */
  readonly pageBytes: number;
  /** The data that it then requests to show every section, with headers. */
  readonly dataBytes: number;
}

let visits: Promise<readonly Visit[]> | undefined;

/** From asking for the console, with a session, to its first text. */
const firstPaint: Figure = {
  name: "console-first-paint",
  unit: "ms",
  bar: 300,
  measure: async () => {
    const paints = (await measured()).map((it) => Math.round(it.firstPaintMs));
    const all = paints.toSorted((a, b) => a - b).join(", ");
    return { value: median(paints), detail: `${VISITS} new visitors on loopback: ${all}` };
  },
};

/** Files of the console: page, script, style and icon. The data depends on the process. */
const transfer: Figure = {
  name: "console-transfer",
  unit: "kB",
  bar: 50,
  measure: async () => {
    const all = await measured();
    const dataKb = median(all.map(({ dataBytes }) => dataBytes)) / 1000;
    return {
      value: median(all.map(({ pageBytes }) => pageBytes)) / 1000,
      detail: `with headers; then ${dataKb.toFixed(1)} kB of data, of ${JOBS} jobs and their checks`,
    };
  },
};

export const consoleFigures: readonly Figure[] = [firstPaint, transfer];

/** Both figures come from the same visits. */
function measured(): Promise<readonly Visit[]> {
  visits ??= visitOften();
  return visits;
}

async function visitOften(): Promise<readonly Visit[]> {
  const executable = findProgram("chromium");
  if (executable === undefined) throw new Error("chromium: not installed");
  const directory = mkdtempSync(join(tmpdir(), "opspec-bench-"));
  const server = await startBundle(directory);
  const browser = await startBrowser(executable);
  try {
    // The first visit makes the server read the page's files.
    await visit(browser, server.url);
    const all: Visit[] = [];
    for (let at = 0; at < VISITS; at++) all.push(await visit(browser, server.url));
    return all;
  } finally {
    await browser.close();
    // Shut down gracefully: a killed reaper would leave the runtime and its app behind.
    const ended = once(server.child, "exit");
    server.child.kill("SIGTERM");
    await ended;
    rmSync(directory, { recursive: true });
  }
}

async function visit(browser: Browser, url: string): Promise<Visit> {
  const context = await browser.newContext();
  try {
    await context.request.post(`${url}/login`, { data: { token: TOKEN } });
    const page = await context.newPage();
    const devtools = await context.newCDPSession(page);
    await devtools.send("Network.enable");
    const urls = new Map<string, string>();
    devtools.on("Network.requestWillBeSent", ({ requestId, request }) => {
      urls.set(requestId, request.url);
    });
    const bytes = { page: 0, data: 0 };
    devtools.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
      const isData = urls.get(requestId)?.startsWith(`${url}/api/`) === true;
      bytes[isData ? "data" : "page"] += encodedDataLength;
    });
    await page.goto(url);
    await page.getByRole("navigation").getByRole("link", { name: "Process" }).waitFor();
    await page.waitForLoadState("networkidle");
    const firstPaintMs: number = await page.evaluate(
      'performance.getEntriesByName("first-contentful-paint")[0].startTime',
    );
    return { firstPaintMs, pageBytes: bytes.page, dataBytes: bytes.data };
  } finally {
    await context.close();
  }
}

/** Builds the runtime as it ships, and starts it in front of an app that does nothing. */
async function startBundle(
  directory: string,
): Promise<{ readonly url: string; readonly child: ChildProcess }> {
  const build = join(CHECKOUT, "runtime", "build", "build.ts");
  await promisify(execFile)(process.execPath, [build, "--out", directory]);
  const folder = join(directory, process.arch === "x64" ? "amd64" : process.arch);
  const manifest = join(directory, "manifest.json");
  writeFileSync(manifest, JSON.stringify(MANIFEST));
  const port = await freePort();
  const child = spawn(join(folder, "opspec-runtime"), ["supervise", "--", "sleep", "3600"], {
    cwd: directory,
    env: {
      PATH: "/usr/bin:/bin",
      PORT: String(port),
      OPSPEC_MANIFEST: manifest,
      OPSPEC_OPS_TOKEN: TOKEN,
      JOBS: "on",
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const url = `http://127.0.0.1:${port}/ops`;
  await untilAnswered(url, child);
  return { url, child };
}

async function untilAnswered(url: string, child: ChildProcess): Promise<void> {
  const exited = once(child, "exit").then(() => Promise.reject(new Error("the runtime ended")));
  const answered = async (): Promise<void> => {
    const endMs = performance.now() + START_LIMIT_MS;
    while (!(await fetch(url).catch(() => undefined))?.ok) {
      if (performance.now() > endMs) throw new Error("the runtime did not answer");
      await sleep(100);
    }
  };
  await Promise.race([answered(), exited]);
}

const MANIFEST: RuntimeManifest = {
  version: MANIFEST_VERSION,
  runtime: RUNTIME_VERSION,
  system: "bench",
  stack: "bench",
  environment: "staging",
  process: "web",
  timezone: "UTC",
  app: { front: true, graceSeconds: 5 },
  jobs: Array.from({ length: JOBS }, (_, at) => ({
    name: `job-${at}`,
    uses: "command",
    command: "true",
    startedBy: "schedule",
    schedule: { pattern: `${at} 3 * * *`, timezone: "Europe/Vienna" },
    toggles: ["jobs"],
  })),
  toggles: [{ name: "jobs", reader: { kind: "env", name: "JOBS" } }],
  log: { level: "error" },
};

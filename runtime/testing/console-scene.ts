import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Browser, Page } from "playwright-core";
import { afterAll, onTestFinished, type TestContext } from "vitest";
import { requireCapability } from "../../tests/capabilities.ts";
import { openAlerts } from "../src/alerts/alerts.ts";
import type { Env } from "../src/contract/env.ts";
import type { RuntimeManifest } from "../src/contract/manifest.ts";
import type { ManifestJob } from "../src/contract/job.ts";
import { nodeListener } from "../src/http.ts";
import { openOps } from "../src/ops/app.ts";
import { openPage, type SCREENS, startBrowser, type WatchedPage } from "./browser.ts";
import { scratchDatabase } from "./scratch-database.ts";
import { FAILED } from "./scratch-event.ts";
import { scratchProcess } from "./scratch-process.ts";

const TOKEN = "token-of-the-console-test";

/** Output of a job that contains markup. */
export const MARKUP = "<img src=x onerror=alert(1)>";

const DATABASE = "shop.db";

/** A file that the app keeps on its disk, in `snapshots`. */
export const KEPT_FILE = "report.csv";

const JOBS: readonly (Partial<ManifestJob> & Pick<ManifestJob, "name">)[] = [
  { name: "heartbeat", uses: "heartbeat", options: { directories: ["data"] } },
  {
    name: "digest",
    uses: "digest",
    schedule: { pattern: "0 20 * * 1-5", timezone: "America/Mazatlan" },
    toggles: ["digests"],
  },
  { name: "backup", uses: "sqlite-backup", options: { database: DATABASE, directory: "backups" } },
  {
    name: "restore",
    uses: "sqlite-restore",
    startedBy: "call",
    options: { database: DATABASE, directory: "backups" },
  },
  { name: "slow", command: "sleep 60", startedBy: "call", graceSeconds: 1 },
  { name: "broken", command: `echo '${MARKUP}' >&2; exit 3`, startedBy: "call" },
];

const MANIFEST: Partial<RuntimeManifest> = {
  toggles: [{ name: "digests", reader: { kind: "marker", path: "tools/.digest_disabled" } }],
  caches: [{ name: "clans", source: { kind: "file", path: "clans.json" }, ttlSeconds: 3600 }],
  alerts: { channels: [{ name: "ops", kind: "webhook", urlEnv: "OPS_WEBHOOK_URL" }] },
};

/** A process with data for every section of /ops, and a clock that tests advance. */
interface ConsoleScene {
  /** Address of the page. */
  readonly url: string;
  /** Directory of the app's files. */
  readonly directory: string;
  /** Advances the clock of the alerts. */
  passMinutes(minutes: number): void;
  /** Sends an alert of a failed job. */
  fail(): Promise<unknown>;
}

/** Starts the process, which ends with the test. */
async function consoleScene(more: Env): Promise<ConsoleScene> {
  const directory = mkdtempSync(join(tmpdir(), "opspec-console-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  addUsers(directory, 2);
  let passedMs = 0;
  const clock = { now: () => new Date(Date.now() + passedMs) };
  const env = { OPSPEC_OPS_TOKEN: TOKEN, ...more };
  const disk = { mount: join(directory, "disk"), persist: ["snapshots"] };
  mkdirSync(join(disk.mount, "snapshots"), { recursive: true });
  writeFileSync(join(disk.mount, "snapshots", KEPT_FILE), "before\n");
  writeFileSync(join(directory, "clans.json"), JSON.stringify([{ clan: 1 }, { clan: 2 }]));
  const { process } = await scratchProcess({
    jobs: JOBS,
    manifest: { ...MANIFEST, disk },
    env,
    directory,
  });
  const database = scratchDatabase(process.manifest.stores, process);
  onTestFinished(() => database.close());
  const alerts = openAlerts({ ...process, alerts: process.manifest.alerts, clock, database });
  const { fetch } = openOps({ ...process, alerts });
  const server = createServer(nodeListener(fetch));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/ops`,
    directory,
    passMinutes: (minutes) => {
      passedMs += minutes * 60_000;
    },
    fail: () => alerts.send(FAILED),
  };
}

/** One browser for all tests of a file. Each test has a new profile. */
let browser: Promise<Browser> | undefined;

afterAll(async () => (await browser)?.close());

/** Opens a page with a new profile, or skips the test on a machine without a browser. */
export async function visit(
  context: TestContext,
  url: string,
  screen: keyof typeof SCREENS = "desk",
): Promise<WatchedPage> {
  const executable = await requireCapability(context, "chromium");
  browser ??= startBrowser(executable);
  const visited = await openPage(await browser, url, screen);
  onTestFinished(() => visited.page.context().close());
  return visited;
}

/** A process with data for every section, and an open page of its console. */
export async function visitConsole(
  context: TestContext,
  screen: keyof typeof SCREENS = "desk",
  env: Env = {},
): Promise<ConsoleScene & WatchedPage> {
  const scene = await consoleScene(env);
  return { ...scene, ...(await visit(context, scene.url, screen)) };
}

/** Logs in through the form. */
export async function logIn(page: Page, token = TOKEN): Promise<void> {
  await page.getByLabel("Your name").fill("ada");
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Log in" }).click();
}

/** Opens a section of the page and waits until it is shown. */
export async function showSection(page: Page, section: string): Promise<void> {
  await page.getByRole("navigation").getByRole("link", { name: section }).click();
  await page.getByRole("heading", { name: section, level: 2 }).waitFor();
}

/** The number of users in the database. */
export function countUsers(directory: string): number {
  const database = new DatabaseSync(join(directory, DATABASE), { readOnly: true });
  const row = database.prepare("SELECT count(*) AS users FROM users").get();
  database.close();
  return Number(row?.["users"]);
}

/** Adds users to the database, and creates the database if it is missing. */
export function addUsers(directory: string, count: number): void {
  const database = new DatabaseSync(join(directory, DATABASE));
  database.exec("CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY)");
  for (let at = 0; at < count; at++) database.exec("INSERT INTO users DEFAULT VALUES");
  database.close();
}

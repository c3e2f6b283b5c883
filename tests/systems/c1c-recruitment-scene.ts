import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, vi } from "vitest";
import type { RunRecord } from "../../runtime/src/contract/run-record.ts";
import { type Cells, type GoogleSheets, startGoogleSheets, tabOf } from "./google-sheets.ts";
import { openSystem, type System, WAIT } from "./system-scene.ts";

const STACK = "c1c-recruitment";
const SERVICE = "bot";

const RECRUITMENT = "sheet-recruitment";
const ONBOARDING = "sheet-onboarding";

/** Sheet tabs that admins edit in these tests. */
export const FLAGS = tabOf(RECRUITMENT, "FeatureToggles!A:B");
export const CLANS = tabOf(RECRUITMENT, "Clans!A:AK");

/** Any JSON value; the test's expectations check it. */
type Json = ReturnType<typeof JSON.parse>;

/** The deployed bot with its stand-ins, and the actions of people. */
export interface BotScene {
  readonly system: System;
  readonly google: GoogleSheets;
  /** Bodies of the posts to the ops channel. */
  readonly alerts: readonly string[];
  /** The bot's answer to a Discord command. */
  discord(command: string, user?: string): Promise<Json>;
  /** Controls the stand-in over its own paths. */
  post(path: string, body: object): Promise<Json>;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<BotAnswer>;
  /** Requests a path under /ops, as an operator. */
  ops(path: string): Promise<Json>;
  /** The process id of the bot. */
  pid(): Promise<unknown>;
  run(job: string, who: string, input?: object): Promise<RunRecord>;
  records(job: string): Promise<RunRecord[]>;
  /** Parsed log lines with this message. */
  lines(msg: string): Promise<LogLine[]>;
  /** Log lines about cache refreshes with these fields. */
  refreshes(fields: Readonly<Record<string, string>>): Promise<LogLine[]>;
  /** Waits for a post to the ops channel. */
  heard(text: string | RegExp): Promise<void>;
  /** Changes the sheet tab of feature toggles. */
  setFlags(values: Readonly<Record<string, string>>): void;
  close(): Promise<void>;
}

type LogLine = Readonly<Record<string, unknown>>;

/** An answer of the bot or the runtime. */
export interface BotAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

/** Deploys the stack with stand-ins for the bot, Google and the ops channel. */
export async function openBotScene(): Promise<BotScene> {
  const google = await startGoogleSheets();
  fillSheets(google);
  const alerts: string[] = [];
  const webhook = await startWebhook(alerts);
  const { port } = webhook.address() as AddressInfo;
  const system = await openSystem({
    stack: STACK,
    apps: { "https://github.com/example/c1c-recruitment": STACK },
    secrets: {
      DISCORD_TOKEN: "discord-token-of-a-test",
      GSPREAD_CREDENTIALS: google.credentials,
      RECRUITMENT_SHEET_ID: RECRUITMENT,
      ONBOARDING_SHEET_ID: ONBOARDING,
      SHEETS_BASE_URL: google.url,
      OPS_WEBHOOK_URL: `http://127.0.0.1:${port}/ops`,
    },
    edit: hasten,
  });
  const close = async (): Promise<void> => {
    await system.close();
    await google.close();
    webhook.closeAllConnections();
    webhook.close();
  };
  return {
    system,
    google,
    alerts,
    ...talk(system),
    heard: (text) => until(async () => expect(alerts.join("")).toMatch(text)),
    setFlags: (values) => void google.tabs.set(FLAGS, flags(values)),
    close,
  };
}

/** Waits until a claim holds. */
export async function until(claim: () => Promise<void>): Promise<void> {
  await vi.waitFor(claim, WAIT);
}

function talk(
  system: System,
): Omit<BotScene, "system" | "google" | "alerts" | "heard" | "setFlags" | "close"> {
  const post: BotScene["post"] = async (path: string, body: object) => {
    const sent = { method: "POST", body: JSON.stringify(body), token: null };
    const answer = await system.ask(SERVICE, path, sent);
    return JSON.parse(await answer.text());
  };
  const get: BotScene["get"] = async (path, headers = {}) => {
    const answer = await system.ask(SERVICE, path, { token: null, headers });
    const { status } = answer;
    return { status, headers: answer.headers, body: JSON.parse(await answer.text()) };
  };
  const lines: BotScene["lines"] = async (msg) => {
    const found = await system.logs(SERVICE, `"msg":"${msg}"`);
    return found.map((line) => JSON.parse(line.slice(line.indexOf("{"))));
  };
  return {
    post,
    get,
    lines,
    discord: (command, user = "ana") => post("/discord", { user, command }),
    ops: async (path) => JSON.parse(await (await system.ask(SERVICE, `/ops${path}`)).text()),
    pid: async () => (await get("/bot")).body.pid,
    run: (job, who, input = {}) => system.runJob(SERVICE, job, { actor: `manual ${who}`, input }),
    records: (job) => system.records(SERVICE, job),
    refreshes: async (fields) =>
      (await lines("refresh")).filter((it) =>
        Object.entries(fields).every(([name, value]) => it[name] === value),
      ),
  };
}

async function startWebhook(bodies: string[]): Promise<Server> {
  const webhook = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (part: string) => void (text += part));
    request.on("end", () => {
      bodies.push(text);
      response.end();
    });
  });
  webhook.listen(0, "127.0.0.1");
  await once(webhook, "listening");
  return webhook;
}

/** Long schedules become one minute, retries are immediate, and Google is the stand-in. */
function hasten(spec: string): string {
  return spec
    .replace("start: python app.py", "start: python3 app.py")
    .replaceAll(
      /^( *)credentials: \{ secret: GSPREAD_CREDENTIALS \}$/gm,
      "$&\n$1baseUrl: { secret: SHEETS_BASE_URL }",
    )
    .replace("  ONBOARDING_SHEET_ID: {}\n", "$&  SHEETS_BASE_URL: {}\n")
    .replace(/^( *)WATCHDOG_CHECK_SEC: 360$/m, "$1WATCHDOG_CHECK_SEC: 1\n$1WATCHDOG_STALL_SEC: 20")
    .replaceAll(/^( *)ttl: (3h|7d)$/gm, "$&\n$1retry: 1s")
    .replace("schedule: { every: 3h, onStart: true }", "schedule: { every: 1m, onStart: true }")
    .replace("every: 5m, from: { everySeconds: KEEPALIVE_INTERVAL }", "every: 1m")
    .replace("KEEPALIVE_INTERVAL: 300", "KEEPALIVE_INTERVAL: 60");
}

function fillSheets(google: GoogleSheets): void {
  google.tabs.set(
    FLAGS,
    flags({
      recruitment_reports: "TRUE",
      Placement_Reservations: "true",
      enable_welcome_hook: "maybe",
    }),
  );
  google.tabs.set(CLANS, [
    ["Clan", "AF", "AH", "AI"],
    ["Martyrs", "2", "1", "0"],
  ]);
  google.tabs.set(tabOf(RECRUITMENT, "ClanTags!A:D"), [["Tag"], ["C1CM"]]);
  google.tabs.set(tabOf(RECRUITMENT, "WelcomeTemplates!A:F"), [["Text"], ["Welcome"]]);
  google.tabs.set(tabOf(ONBOARDING, "OnboardingQuestions!A:L"), [["Question"], ["Level?"]]);
}

/** The sheet tab of feature toggles with these values. */
function flags(values: Readonly<Record<string, string>>): Cells {
  return [["feature_name", "enabled"], ...Object.entries(values)];
}

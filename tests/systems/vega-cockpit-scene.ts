import { readdirSync } from "node:fs";
import { join } from "node:path";
import { openSystem, type System } from "./system-scene.ts";
import { startVegaOutside, type VegaOutside } from "./vega-outside.ts";

/** A row of the cockpit's page "Jobs History". */
export interface HistoryEntry {
  readonly ts: string;
  readonly job: string;
  readonly status: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** The result of a flush of the alerts. */
export interface Flushed {
  readonly status: string;
  readonly result?: string;
}

/** The cockpit, its external services, and the actions of its operators. */
export interface Cockpit {
  readonly system: System;
  readonly outside: VegaOutside;
  /** The directory of its disk. */
  readonly disk: string;
  /** Presses a button of the cockpit's page. */
  press(method: string, path: string): Promise<Response>;
  /** Sends a request to its /ops. */
  ops(method: string, path: string, body?: object): Promise<unknown>;
  /** Names of files on its disk. */
  files(directory: string, pattern: RegExp): string[];
  /** The rows of its page "Jobs History", newest first. */
  jobsHistory(): Promise<HistoryEntry[]>;
  /** Runs alerts_flush by hand. */
  flush(input?: object): Promise<Flushed>;
  /** Runs the digest by hand. */
  digest(input?: object): ReturnType<System["runJob"]>;
  /** The current sheets and mails, with which a test proves that nothing changed. */
  traces(): object;
  /** "Run All Smoke Tests": the overall result, and the items that are not OK. */
  smokeTests(): Promise<{ readonly overall: string; readonly notOk: readonly string[] }>;
  close(): Promise<void>;
}

const ACTOR = "manual ana";

/** Deploys the stack with stand-ins for Streamlit and the external services. */
export async function openCockpit(stack: string): Promise<Cockpit> {
  const outside = await startVegaOutside();
  const system = await openSystem({
    stack,
    apps: { "https://github.com/example/vega-cockpit": "vega-cockpit" },
    secrets: outside.secrets,
    edit: withStandIns,
  }).catch(async (error: unknown) => {
    await outside.close();
    throw error;
  });
  const disk = await system.disk("web");
  const press: Cockpit["press"] = (method, path) =>
    system.ask("web", path, { method, token: null });
  const ops: Cockpit["ops"] = async (method, path, body) => {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    return (await system.ask("web", path, init)).json();
  };
  const files: Cockpit["files"] = (directory, pattern) =>
    readdirSync(join(disk, directory)).filter((name) => pattern.test(name));
  return {
    system,
    outside,
    disk,
    press,
    ops,
    files,
    jobsHistory: async () => (await (await press("GET", "/jobs-history")).json()) as HistoryEntry[],
    flush: async (input = {}) => {
      const { status, details } = await system.runJob("web", "alerts-flush", {
        actor: ACTOR,
        input,
      });
      return { status, ...details };
    },
    digest: (input = {}) => system.runJob("web", "digest-weekdays", { actor: ACTOR, input }),
    traces: () => ({
      mails: outside.mails.length,
      posts: outside.posts.length,
      files: files("backups", /./),
    }),
    smokeTests: async () => smokeWords((await ops("POST", "/ops/checks/run", {})) as Checks),
    close: async () => {
      await system.close();
      await outside.close();
    },
  };
}

interface Checks {
  readonly overall: string;
  readonly items: readonly { readonly name: string; readonly result: string }[];
}

function smokeWords({ overall, items }: Checks) {
  const notOk = items.filter(({ result }) => result !== "OK");
  return { overall, notOk: notOk.map(({ name, result }) => `${result} ${name}`) };
}

/** The spec with the stand-in for Streamlit and the addresses of the other stand-ins. */
function withStandIns(spec: string): string {
  const bases = ["SENDGRID_BASE_URL", "SHEETS_BASE_URL"];
  const secrets = bases.map((it) => `  ${it}: {}\n`).join("");
  const env = bases.map((it) => `      ${it}: { secret: ${it} }\n`).join("");
  return spec
    .replace(/build: pip .*/, "build: node --check app.mjs")
    .replace(/start: streamlit .*/, "start: node app.mjs")
    .replace(/^secrets:\n/m, `secrets:\n${secrets}`)
    .replace(/^ {4}env:\n/m, `    env:\n${env}`);
}

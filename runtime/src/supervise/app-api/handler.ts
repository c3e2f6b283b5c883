import * as z from "zod/mini";
import { appJobs, appRunStart, endAppRun, type AppRunProcess } from "../../run/app-runs.ts";
import type { Health } from "../../health/health.ts";
import { isSameKey } from "../../health/secret-key.ts";
import {
  answerJson,
  jsonAnswer,
  readJson,
  Refusal,
  requireMethod,
} from "../../ops/json-api/exchange.ts";
import type { ProcessServices } from "../../run/process.ts";
import { reload } from "../../run/reload.ts";
import { readCache, readToggle, refreshCache, restartApp } from "./asked.ts";
import { requireKnown, unknown } from "./known-name.ts";
import { openRuns, type OpenRuns } from "./open-runs.ts";
import type { Signs } from "./signs.ts";

/** Longest text that is kept of what the app says. */
const TEXT_MAX = 2000;

/** A day: nothing that beats says it is older. */
const AGE_MS_MAX = 86_400_000;

const Milliseconds = z.number().check(z.minimum(0));
const Text = z.string().check(z.maxLength(TEXT_MAX));

const Component = z.strictObject({
  ok: z.boolean(),
  detail: z.optional(Text),
  latencyMs: z.optional(Milliseconds),
});
const Beat = z.strictObject({ ageMs: z.optional(Milliseconds.check(z.maximum(AGE_MS_MAX))) });
const Event = z.strictObject({
  labels: z.optional(z.record(z.string(), z.string().check(z.maxLength(200)))),
});
const Ready = z.strictObject({ ready: z.boolean(), reason: z.optional(Text) });

const Outcome = z.enum(["ok", "failed", "timed-out", "skipped", "interrupted"]);
const Ending = {
  status: Outcome,
  attempt: z.optional(z.int().check(z.minimum(1))),
  error: z.optional(z.nullable(Text)),
  details: z.optional(z.record(z.string(), z.json())),
};
const WholeRun = z.strictObject({
  ...Ending,
  job: z.string(),
  startedAt: z.optional(
    z.iso.datetime({ offset: true, error: "should be a time such as 2026-03-01T09:30:00Z" }),
  ),
  durationMs: Milliseconds,
});
const RunStarted = z.strictObject({ job: z.string() });
const RunEnded = z.strictObject({ ...Ending, runId: z.uuid("should be a UUID") });

/** Names that apps give to events. */
const EVENT_NAME = /^[A-Za-z][A-Za-z0-9_.:-]{0,99}$/;

/** The name under which the app takes part in readiness. */
const APP = "app says";

/** Where what the app says goes. */
export interface AppApiOptions {
  readonly process: AppRunProcess & ProcessServices;
  readonly health: Health;
  readonly signs: Signs;
  readonly token: string;
}

interface Api extends AppApiOptions {
  readonly runs: OpenRuns;
  /** Whether the app ever said that it is ready, or not. */
  readonly said: { ready: boolean };
}

export interface AppApi {
  readonly handler: (request: Request) => Promise<Response>;
  /** The app ended: the runs that it began and did not end are lost, and what it said of its parts is over. */
  appEnded(): Promise<void>;
}

/** Takes what the app has to tell and answers what it asks, from this machine and with the boot's token only. */
export function createAppApi(options: AppApiOptions): AppApi {
  const api: Api = {
    ...options,
    runs: openRuns(options.process, options.health),
    said: { ready: false },
  };
  return {
    handler: (request) =>
      answerJson(
        () => answer(api, request),
        (error) => options.process.log.error({ err: error }, "a request of the app failed"),
      ),
    appEnded: async () => {
      api.health.forgetComponents();
      // Whoever said once that he is ready is asked for it in each of his lives.
      if (api.said.ready) api.health.setReady(APP, false);
      await api.runs.loseAll();
    },
  };
}

async function answer(api: Api, request: Request): Promise<Response> {
  const given = /^Bearer (\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
  if (!isSameKey(given, api.token)) throw new Refusal(401, "the token is missing or wrong");
  const [what = "", ...names] = new URL(request.url).pathname.slice(1).split("/");
  const answerer = Object.hasOwn(ENDPOINTS, what) ? ENDPOINTS[what] : undefined;
  const name = decode(names.join("/"));
  if (!answerer)
    throw unknown(
      "path",
      `/${what}`,
      Object.keys(ENDPOINTS).map((it) => `/${it}`),
    );
  requireMethod(request, answerer.method);
  const result = await answerer.answer(api, name, request);
  return jsonAnswer(200, result ?? { ok: true });
}

interface Endpoint {
  readonly method: "GET" | "POST";
  readonly answer: (api: Api, name: string, request: Request) => Promise<unknown>;
}

/** First parts of the paths that the app may ask; the reference names them all. */
export const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  components: { method: "POST", answer: reportComponent },
  heartbeats: { method: "POST", answer: beat },
  runs: { method: "POST", answer: reportRun },
  events: { method: "POST", answer: reportEvent },
  ready: { method: "POST", answer: reportReady },
  toggles: { method: "GET", answer: readToggle },
  caches: { method: "GET", answer: readCache },
  refreshes: { method: "POST", answer: refreshCache },
  reload: { method: "POST", answer: ({ process }) => reload(process) },
  restart: { method: "POST", answer: restartApp },
};

async function reportComponent(api: Api, name: string, request: Request): Promise<void> {
  const declared = [...probed(api, "component"), ...watched(api, "connection")];
  requireKnown("component", name, declared);
  const { ok, detail, latencyMs } = await readJson(request, Component);
  api.health.reportComponent(name, { ok, detail });
  api.signs.connection(name, { ok, latencyMs });
}

async function beat(api: Api, name: string, request: Request): Promise<void> {
  requireKnown("heartbeat", name, [...probed(api, "heartbeat"), ...watched(api, "heartbeat")]);
  const { ageMs = 0 } = await readJson(request, Beat);
  api.signs.beat(name, ageMs);
  api.health.beat(name, ageMs);
}

async function reportRun(api: Api, step: string, request: Request): Promise<unknown> {
  if (step === "start") {
    const { job } = await readJson(request, RunStarted);
    requireAppJob(api, job);
    return { runId: await api.runs.start(job) };
  }
  if (step === "end") {
    const { runId, ...ending } = await readJson(request, RunEnded);
    const record = await api.runs.end(runId, ending);
    if (!record) throw new Refusal(404, `there is no open run ${runId}`);
    return { runId };
  }
  if (step !== "") throw unknown("path", `/runs/${step}`, ["/runs", "/runs/start", "/runs/end"]);
  const { job, startedAt, ...ending } = await readJson(request, WholeRun);
  requireAppJob(api, job);
  const began = startedAt ? new Date(startedAt) : new Date(Date.now() - ending.durationMs);
  const start = appRunStart(api.process, job, { startedAt: began });
  await endAppRun(api.process, start, ending);
  return { runId: start.runId };
}

async function reportEvent(api: Api, name: string, request: Request): Promise<void> {
  if (!EVENT_NAME.test(name)) {
    throw new Refusal(400, "an event's name is letters, digits and _ . : - (at most 100)");
  }
  const { labels } = await readJson(request, Event);
  api.health.noteEvent(name, labels);
}

async function reportReady(api: Api, _name: string, request: Request): Promise<void> {
  const { ready, reason } = await readJson(request, Ready);
  api.said.ready = true;
  api.health.setReady(APP, ready);
  api.process.log.info({ ready, reason }, ready ? "the app is ready" : "the app is not ready");
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    throw new Refusal(400, "the path is not well formed");
  }
}

function probed({ process }: Api, kind: "component" | "heartbeat"): string[] {
  return (process.manifest.health?.checks ?? []).flatMap(({ probe }) =>
    probe.kind === kind ? [probe.name] : [],
  );
}

function watched({ process }: Api, what: "connection" | "heartbeat"): string[] {
  const name = process.manifest.app?.watchdog?.[what];
  return name === undefined ? [] : [name];
}

function requireAppJob({ process }: Api, job: string): void {
  requireKnown(
    "job that the app runs",
    job,
    appJobs(process).map((it) => it.name),
  );
}

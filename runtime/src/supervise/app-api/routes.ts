import type { Context } from "hono";
import * as z from "zod/mini";
import type { Health } from "../../health/health.ts";
import { HttpError, readJson, unknownName } from "../../http.ts";
import { appJobs, appRunStart, endAppRun, type AppRunProcess } from "../../run/app-runs.ts";
import type { ProcessContext, ProcessServices } from "../../run/process.ts";
import { reload } from "../../run/reload.ts";
import { ALL_CACHES, namedCaches, refreshBounded } from "../../sources/caches.ts";
import type { OpenRuns } from "./open-runs.ts";
import type { Signs } from "./signs.ts";

/** Longest text that the app may report. */
const TEXT_MAX = 2000;

/** Longest name of a person, and longest reason. */
const SHORT_TEXT_MAX = 100;

/** Greatest age of a heartbeat: a day. */
const AGE_MS_MAX = 86_400_000;

/** Time for the app to read the answer before its restart begins. */
const ANSWER_MS = 100;

const Milliseconds = z.number().check(z.minimum(0));
const Text = z.string().check(z.maxLength(TEXT_MAX));
const ShortText = z.string().check(z.minLength(1), z.maxLength(SHORT_TEXT_MAX));

const Component = z.strictObject({
  ok: z.boolean(),
  detail: z.optional(Text),
  latencyMs: z.optional(Milliseconds),
});
const Heartbeat = z.strictObject({ ageMs: z.optional(Milliseconds.check(z.maximum(AGE_MS_MAX))) });
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

/** The person who asked the app, by the name that the app knows. */
const Refresh = z.strictObject({ actor: ShortText });
const Restart = z.strictObject({ actor: ShortText, reason: z.optional(ShortText) });

/** Names that apps give to events. */
const EVENT_NAME = /^[A-Za-z][A-Za-z0-9_.:-]{0,99}$/;

/** The name of the app's own report among the checks of readiness. */
export const APP = "app says";

/** What the routes of the app API answer from. */
export interface AppApi {
  readonly process: AppRunProcess & ProcessServices;
  readonly health: Health;
  readonly signs: Signs;
  readonly runs: OpenRuns;
  /** Whether the app ever reported that it is ready, or not. */
  reportsReady: boolean;
}

/** One path of the app API. The answer is JSON: what `answer` gives, or `{ok: true}`. */
export interface AppRoute {
  readonly method: "GET" | "POST";
  /** A Hono path. */
  readonly path: string;
  readonly answer: (api: AppApi, c: Context) => Promise<unknown>;
}

/** Everything that the app may ask; the reference lists them. */
export const APP_ROUTES: readonly AppRoute[] = [
  { method: "POST", path: "/components/:name{.+}", answer: reportComponent },
  { method: "POST", path: "/heartbeats/:name{.+}", answer: reportHeartbeat },
  { method: "POST", path: "/runs/start", answer: startRun },
  { method: "POST", path: "/runs/end", answer: endRun },
  { method: "POST", path: "/runs", answer: reportRun },
  { method: "POST", path: "/events/:name{.+}", answer: reportEvent },
  { method: "POST", path: "/ready", answer: reportReady },
  { method: "GET", path: "/toggles/:name{.+}", answer: readToggle },
  { method: "GET", path: "/caches/:name{.+}", answer: readCache },
  { method: "GET", path: "/caches", answer: listCaches },
  { method: "POST", path: "/refreshes/:name{.+}", answer: refreshCache },
  { method: "POST", path: "/reload", answer: ({ process }) => reload(process) },
  { method: "POST", path: "/restart", answer: restartApp },
];

async function reportComponent({ process, health, signs }: AppApi, c: Context): Promise<void> {
  const declared = [...probed(process, "component"), ...watched(process, "connection")];
  const name = declaredName(c, "component", declared);
  const { ok, detail, latencyMs } = await readJson(c, Component);
  health.reportComponent(name, { ok, detail });
  signs.connection(name, { ok, latencyMs });
}

async function reportHeartbeat({ process, health, signs }: AppApi, c: Context): Promise<void> {
  const declared = [...probed(process, "heartbeat"), ...watched(process, "heartbeat")];
  const name = declaredName(c, "heartbeat", declared);
  const { ageMs = 0 } = await readJson(c, Heartbeat);
  signs.beat(name, ageMs);
  health.beat(name, ageMs);
}

async function startRun({ process, runs }: AppApi, c: Context): Promise<unknown> {
  const { job } = await readJson(c, RunStarted);
  requireAppJob(process, job);
  return { runId: await runs.start(job) };
}

async function endRun({ runs }: AppApi, c: Context): Promise<unknown> {
  const { runId, ...ending } = await readJson(c, RunEnded);
  const record = await runs.end(runId, ending);
  if (!record) throw new HttpError(404, `there is no open run ${runId}`);
  return { runId };
}

async function reportRun({ process }: AppApi, c: Context): Promise<unknown> {
  const { job, startedAt, ...ending } = await readJson(c, WholeRun);
  requireAppJob(process, job);
  const began = startedAt ? new Date(startedAt) : new Date(Date.now() - ending.durationMs);
  const start = appRunStart(process, job, { startedAt: began });
  await endAppRun(process, start, ending);
  return { runId: start.runId };
}

async function reportEvent({ health }: AppApi, c: Context): Promise<void> {
  const name = c.req.param("name") ?? "";
  if (!EVENT_NAME.test(name)) {
    throw new HttpError(400, "an event's name is letters, digits and _ . : - (at most 100)");
  }
  const { labels } = await readJson(c, Event);
  health.noteEvent(name, labels);
}

async function reportReady(api: AppApi, c: Context): Promise<void> {
  const { ready, reason } = await readJson(c, Ready);
  api.reportsReady = true;
  api.health.setReady(APP, ready);
  api.process.log.info({ ready, reason }, ready ? "the app is ready" : "the app is not ready");
}

/** Whether a toggle is on, and why: the same as jobs get. */
async function readToggle({ process }: AppApi, c: Context): Promise<unknown> {
  return process.toggles.isOn(declaredName(c, "toggle", namesOf(process.manifest.toggles)));
}

/** The rows of a cache, and how they were fetched. */
async function readCache({ process }: AppApi, c: Context): Promise<unknown> {
  const name = declaredName(c, "cache", namesOf(process.manifest.caches));
  const { rows = null, snapshot } = process.caches.get(name) ?? {};
  return { rows, snapshot };
}

async function listCaches({ process }: AppApi): Promise<unknown> {
  return { caches: process.caches.snapshots() };
}

/** Refreshes a cache for a person who asked the app, for example in a chat; the telemetry names them. */
async function refreshCache({ process: { caches } }: AppApi, c: Context): Promise<unknown> {
  const asked = c.req.param("name") ?? "";
  const names = namedCaches(caches, asked) ?? [];
  if (names.length === 0) {
    throw unknownName("cache", asked, [...namesOf(caches.snapshots()), ALL_CACHES]);
  }
  const { actor } = await readJson(c, Refresh);
  return refreshBounded(caches, names, { trigger: "manual", actor });
}

/** Answers before the app stops, because the app could not read the answer afterwards. */
async function restartApp({ process }: AppApi, c: Context): Promise<unknown> {
  const { actor, reason = "requested by the app" } = await readJson(c, Restart);
  const { app, log } = process;
  if (!app) throw new HttpError(409, "this process supervises no app");
  setTimeout(() => {
    app
      .restart(`${actor}: ${reason}`)
      .catch((error: unknown) => log.error({ err: error }, "the app did not start again"));
  }, ANSWER_MS);
  return { restarting: true };
}

function namesOf(declared: readonly { readonly name: string }[] = []): string[] {
  return declared.map(({ name }) => name);
}

function probed({ manifest }: ProcessContext, kind: "component" | "heartbeat"): string[] {
  return (manifest.health?.checks ?? []).flatMap(({ probe }) =>
    probe.kind === kind ? [probe.name] : [],
  );
}

function watched({ manifest }: ProcessContext, what: "connection" | "heartbeat"): string[] {
  const name = manifest.app?.watchdog?.[what];
  return name === undefined ? [] : [name];
}

function requireAppJob(process: ProcessContext, job: string): void {
  const known = namesOf(appJobs(process));
  if (!known.includes(job)) throw unknownName("job that the app runs", job, known);
}

/** The name in the path, which the manifest must declare. */
function declaredName(c: Context, what: string, known: readonly string[]): string {
  const name = c.req.param("name") ?? "";
  if (known.includes(name)) return name;
  throw unknownName(what, name, known);
}

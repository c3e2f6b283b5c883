import { type Env, valueOf } from "../../contract/env.ts";
import type { HealthView, Preset, ProbeContext } from "../../health/preset.ts";
import { keepaliveRoute, metricsRoutes } from "../../health/answers.ts";
import { livenessProblems } from "../../health/check.ts";
import { json } from "../../http.ts";

/** Parts of the bot without which it is not ready. One that never reported is not ok. */
const REQUIRED = ["runtime", "discord"];

/** The part whose connection is shown. */
const CONNECTION = "discord";

/** Environments in which the watchdog checks more often. */
const TEST_ENVIRONMENTS = new Set(["dev", "development", "test", "qa", "stage"]);

/** Seconds between two checks of the watchdog, in those environments and in all others. */
const CHECK_SECONDS = { test: 60, other: 360 };

/** The bot is stalled after this many checks without a heartbeat, and these seconds more. */
const STALL = { checks: 3, extraSeconds: 30 };

/**
 * c1c-recruitment's bot: JSON without a key, with the id of the request as `trace`.
 *
 * `/ready` is always 200 and shows `ok`. `/health` is 503 on a stall or a part that is not ok.
 * `/healthz` is 503 only on a stall and on failing live checks of the spec, because a restart cures
 * no outage of Discord or Sheets.
 */
export function healthPreset({ env }: ProbeContext): Preset {
  return {
    requestIdHeaders: ["x-trace-id", "x-request-id"],
    checks: [],
    routes: (view) => [
      { name: "root", path: "/", answer: ({ id }) => root(view, id) },
      { name: "ready", path: "/ready", answer: () => ready(view) },
      { name: "health", path: "/health", answer: () => health(view) },
      { name: "healthz", path: "/healthz", answer: () => healthz(view) },
      keepaliveRoute(valueOf(env, "KEEPALIVE_PATH")),
      ...metricsRoutes(view),
    ],
  };
}

function root(view: HealthView, trace: string): Response {
  return json(200, { ok: true, ...identityOf(view.env), trace });
}

function ready(view: HealthView): Response {
  return json(200, { ok: isReady(view), components: componentsOf(view) });
}

function health(view: HealthView): Response {
  const beat = beatOf(view);
  const components = componentsOf(view);
  const ok = beat.ok && Object.values(components).every((it) => it.ok);
  const body = { ...beat, ok, components, ready: isReady(view), endpoint: "health" };
  return json(ok ? 200 : 503, body);
}

function healthz(view: HealthView): Response {
  const beat = beatOf(view);
  return json(beat.ok ? 200 : 503, { ...beat, endpoint: "healthz" });
}

/** Fields of both health paths: the age of the latest sign of life, and the connection. */
function beatOf(view: HealthView): { ok: boolean } & Record<string, unknown> {
  const { env, clock, reports } = view;
  const { checkSeconds, stallSeconds } = watchdogOf(env);
  const age = secondsSince(reports.lastSign() ?? view.startedAt, clock) ?? 0;
  const connection = reports.components.get(CONNECTION);
  return {
    ok: age <= stallSeconds && livenessProblems(view.evidence()).length === 0,
    ...identityOf(env),
    age_seconds: rounded(age),
    stall_after_sec: stallSeconds,
    keepalive_sec: checkSeconds,
    connected: connection?.ok ?? false,
    disconnect_age: rounded(secondsSince(connection?.notOkSince, clock)),
    last_ready_age: rounded(secondsSince(connection?.becameOkAt, clock)),
  };
}

function isReady(view: HealthView): boolean {
  const { isShuttingDown, notReady } = view.evidence();
  const hasRequired = REQUIRED.every((name) => view.reports.components.get(name)?.ok === true);
  return hasRequired && !isShuttingDown && notReady.length === 0;
}

/** Parts by name, with the time of the report in seconds since 1970; 0 for one that never came. */
function componentsOf(view: HealthView): Record<string, { ok: boolean; ts: number }> {
  const missing = REQUIRED.map((name) => [name, { ok: false, ts: 0 }] as const);
  const checks = view
    .results()
    .filter((it) => it.probeKind !== "component" && it.kind !== "info")
    .map((it) => [it.name, { ok: it.state === "ok", ts: epochSeconds(it.checkedAt) }] as const);
  const reported = [...view.reports.components].map(
    ([name, { ok, at }]) => [name, { ok, ts: epochSeconds(at) }] as const,
  );
  return Object.fromEntries([...missing, ...checks, ...reported]);
}

function identityOf(env: Env): Record<"bot" | "env" | "version", string> {
  return {
    bot: valueOf(env, "BOT_NAME") ?? "C1C-Recruitment",
    env: environmentOf(env),
    version: valueOf(env, "BOT_VERSION") ?? "dev",
  };
}

function environmentOf(env: Env): string {
  return valueOf(env, "ENV_NAME") ?? "dev";
}

function watchdogOf(env: Env): { checkSeconds: number; stallSeconds: number } {
  const isTest = TEST_ENVIRONMENTS.has(environmentOf(env).toLowerCase());
  const usual = isTest ? CHECK_SECONDS.test : CHECK_SECONDS.other;
  const checkSeconds = secondsOf(env, "WATCHDOG_CHECK_SEC") ?? usual;
  const usualStall = checkSeconds * STALL.checks + STALL.extraSeconds;
  return { checkSeconds, stallSeconds: secondsOf(env, "WATCHDOG_STALL_SEC") ?? usualStall };
}

function secondsOf(env: Env, name: string): number | undefined {
  const value = Number(valueOf(env, name));
  return Number.isFinite(value) && value > 0 ? value : undefined;
}

/** Seconds from an instant to now, or null when it never was. */
function secondsSince(at: Date | undefined, clock: HealthView["clock"]): number | null {
  return at ? Math.max(0, (clock.now().getTime() - at.getTime()) / 1000) : null;
}

function epochSeconds(at: Date | undefined): number {
  return at ? at.getTime() / 1000 : 0;
}

function rounded(seconds: number): number;
function rounded(seconds: number | null): number | null;
function rounded(seconds: number | null): number | null {
  return seconds === null ? null : Math.round(seconds * 1000) / 1000;
}

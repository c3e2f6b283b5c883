import { type Env, valueOf } from "../../contract/env.ts";
import type { Answer, Preset } from "../../health/preset.ts";
import type { ProbeContext } from "../../health/preset.ts";
import { keepaliveRoute, metricsRoutes } from "../../health/answers.ts";
import { judgeLiveness } from "../../health/check.ts";
import { type HealthView, secondsSince } from "../../health/preset.ts";

/** Parts of the bot without which it is not ready. One that never reported is not ok. */
const REQUIRED = ["runtime", "discord"];

/** The part whose connection is told. */
const CONNECTION = "discord";

/** Environments in which the watchdog looks more often. */
const TEST_ENVIRONMENTS = new Set(["dev", "development", "test", "qa", "stage"]);

/** Seconds between two looks of the watchdog, in those environments and in all others. */
const CHECK_SECONDS = { test: 60, other: 360 };

/** A beat is missing for so many looks, and this much longer, before the bot counts as stalled. */
const STALL = { checks: 3, extraSeconds: 30 };

/**
 * c1c-recruitment's bot: JSON without a key, with the id of the request as `trace`.
 *
 * `/ready` is always 200 and says `ok`; `/health` is 503 on a stall or a part that is not ok,
 * `/healthz` on a stall only (and on live checks that somebody declared): a restart cures no outage
 * of Discord or Sheets.
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

function root(view: HealthView, trace: string): Answer {
  return { status: 200, body: { ok: true, ...identityOf(view.env), trace } };
}

function ready(view: HealthView): Answer {
  return { status: 200, body: { ok: isReady(view), components: componentsOf(view) } };
}

function health(view: HealthView): Answer {
  const beat = beatOf(view);
  const components = componentsOf(view);
  const ok = beat.ok && Object.values(components).every((it) => it.ok);
  const body = { ...beat, ok, components, ready: isReady(view), endpoint: "health" };
  return { status: ok ? 200 : 503, body };
}

function healthz(view: HealthView): Answer {
  const beat = beatOf(view);
  return { status: beat.ok ? 200 : 503, body: { ...beat, endpoint: "healthz" } };
}

/** What both health paths tell: how old the latest sign of life is, and how the connection is. */
function beatOf(view: HealthView): { ok: boolean } & Record<string, unknown> {
  const { env, clock, reports } = view;
  const { checkSeconds, stallSeconds } = watchdogOf(env);
  const age = secondsSince(reports.lastSign() ?? view.startedAt, clock) ?? 0;
  const connection = reports.component(CONNECTION);
  return {
    ok: age <= stallSeconds && judgeLiveness(view.evidence()).ok,
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
  const hasRequired = REQUIRED.every((name) => view.reports.component(name)?.ok === true);
  return hasRequired && !isShuttingDown && notReady.length === 0;
}

/** By name, with the time of the report in seconds since 1970; 0 for one that never came. */
function componentsOf(view: HealthView): Record<string, { ok: boolean; ts: number }> {
  const missing = REQUIRED.map((name) => [name, { ok: false, ts: 0 }] as const);
  const checks = view
    .results()
    .filter((it) => it.probeKind !== "component" && it.kind !== "info")
    .map((it) => [it.name, { ok: it.state === "ok", ts: epochSeconds(it.checkedAt) }] as const);
  const reported = [...view.reports.components()].map(
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

function epochSeconds(at: Date | undefined): number {
  return at ? at.getTime() / 1000 : 0;
}

function rounded(seconds: number): number;
function rounded(seconds: number | null): number | null;
function rounded(seconds: number | null): number | null {
  return seconds === null ? null : Math.round(seconds * 1000) / 1000;
}

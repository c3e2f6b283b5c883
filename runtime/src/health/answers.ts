import { json } from "../http.ts";
import { judgeHealth, livenessProblems, readinessProblems } from "./check.ts";
import { metricsAnswer } from "./metrics.ts";
import { appVersion, type HealthView, type Preset, type Route } from "./preset.ts";

/** The runtime's own paths and bodies, for a system without a preset of its own. */
export function opspecPreset(): Preset {
  return {
    requestIdHeaders: ["x-request-id", "x-trace-id"],
    checks: [],
    routes: (view) => [
      healthzRoute(view),
      readyzRoute(view),
      readyzRoute(view, "ready"),
      { name: "health", path: "/health", answer: () => health(view) },
      keepaliveRoute(),
      ...metricsRoutes(view),
    ],
  };
}

/** Liveness. It asks nothing outside the process, so that a hung dependency cannot slow it down. */
export function healthzRoute(view: HealthView, name: "healthz" | "health" = "healthz"): Route {
  return problemsRoute(name, () => ({ problems: livenessProblems(view.evidence()) }));
}

/** Readiness: 503 while a critical check fails, before the first results, and during the shutdown. */
export function readyzRoute(view: HealthView, name: "readyz" | "ready" = "readyz"): Route {
  return problemsRoute(name, () => {
    const counted = view.results().filter((it) => it.kind !== "info");
    const checks = Object.fromEntries(counted.map((it) => [it.name, it.state]));
    return { problems: readinessProblems(view.evidence()), checks };
  });
}

function problemsRoute(name: string, read: () => { problems: string[]; checks?: object }): Route {
  const answer = (): Response => {
    const { problems: reasons, ...more } = read();
    const ok = reasons.length === 0;
    return json(ok ? 200 : 503, { ok, ...more, ...(ok ? {} : { reasons }) });
  };
  return { name, path: `/${name}`, answer };
}

/** A page that costs nothing, for programs that keep the service awake. */
export function keepaliveRoute(path = "/keepalive"): Route {
  const headers = { "content-type": "text/plain; charset=utf-8" };
  return { name: "keepalive", path, answer: () => new Response("ok", { headers }) };
}

/** Prometheus text; JSON for `Accept: application/json`, or at `/metrics.json`. */
export function metricsRoutes({ registry }: HealthView): Route[] {
  return ["metrics", "metrics.json"].map((name) => ({
    name,
    path: `/${name}`,
    isGuarded: true,
    answer: ({ wantsJson }) => metricsAnswer(registry, wantsJson || name === "metrics.json"),
  }));
}

/** The state of everything: 200 also when only checks fail that are not critical. */
function health(view: HealthView): Response {
  const status = judgeHealth(view.evidence());
  const { system, environment, process } = view.identity;
  const version = appVersion(view.env);
  const components = componentsOf(view);
  const body = { status, system, process, environment, version, components };
  return json(status === "ok" || status === "degraded" ? 200 : 503, body);
}

/** The checks, and the app's reports about other parts. JSON leaves out what is undefined. */
function componentsOf({ results, reports }: HealthView): Readonly<Record<string, object>> {
  const checks = results().map(({ name, state, kind, critical, ...it }) => {
    const { value, error, checkedAt, durationMs } = it;
    const ms = durationMs === undefined ? undefined : Math.round(durationMs);
    return [name, { ok: state === "ok", state, kind, critical, value, error, checkedAt, ms }];
  });
  const reported = [...reports.components].map(([name, { ok, detail: error, at }]) => {
    const state = ok ? "ok" : "failed";
    return [name, { ok, state, kind: "info", critical: false, error, checkedAt: at }];
  });
  const declared = Object.fromEntries(checks);
  return { ...declared, ...Object.fromEntries(reported), ...declared };
}

import { type CheckResult, judgeHealth, judgeLiveness, judgeReadiness } from "./check.ts";
import { type Answer, appVersion, type HealthView, type Preset, type Route } from "./preset.ts";
import { metricsAnswer } from "./registry.ts";
import type { ReportedComponent } from "./reports.ts";

/** The runtime's own paths and bodies, for a system without a preset of its own. */
export function opspecPreset(): Preset {
  return {
    requestIdHeaders: ["x-request-id", "x-trace-id"],
    checks: [],
    routes: (view) => [
      healthzRoute(view),
      readyzRoute(view),
      readyzRoute(view, "ready"),
      healthRoute(view),
      keepaliveRoute(),
      ...metricsRoutes(view),
    ],
  };
}

/** Liveness. It asks nothing outside the process, so that a hung dependency cannot slow it down. */
export function healthzRoute(view: HealthView, name: "healthz" | "health" = "healthz"): Route {
  return {
    name,
    path: `/${name}`,
    answer: () => {
      const { ok, reasons } = judgeLiveness(view.evidence());
      return { status: ok ? 200 : 503, body: ok ? { ok } : { ok, reasons } };
    },
  };
}

/** Readiness: 503 while a critical check fails, before the first results, and during the shutdown. */
export function readyzRoute(view: HealthView, name: "readyz" | "ready" = "readyz"): Route {
  return { name, path: `/${name}`, answer: () => readiness(view) };
}

/** The state of everything: 200 also when only checks fail that are not critical. */
function healthRoute(view: HealthView): Route {
  return { name: "health", path: "/health", answer: () => health(view) };
}

/** A page that costs nothing, for programs that keep the service awake. */
export function keepaliveRoute(path = "/keepalive"): Route {
  return {
    name: "keepalive",
    path,
    answer: () => ({ status: 200, body: "ok", contentType: "text/plain; charset=utf-8" }),
  };
}

/** Prometheus text; JSON for `Accept: application/json`, or at `/metrics.json`. */
export function metricsRoutes({ registry }: HealthView): Route[] {
  return [
    {
      name: "metrics",
      path: "/metrics",
      isGuarded: true,
      answer: ({ wantsJson }) => metricsAnswer(registry, wantsJson),
    },
    {
      name: "metrics.json",
      path: "/metrics.json",
      isGuarded: true,
      answer: () => metricsAnswer(registry, true),
    },
  ];
}

function readiness(view: HealthView): Answer {
  const { ok, reasons } = judgeReadiness(view.evidence());
  const checks = view
    .results()
    .filter((it) => it.kind !== "info")
    .map((it) => [it.name, it.state]);
  return {
    status: ok ? 200 : 503,
    body: { ok, checks: Object.fromEntries(checks), ...(ok ? {} : { reasons }) },
  };
}

function health(view: HealthView): Answer {
  const status = judgeHealth(view.evidence());
  const { system, environment, process } = view.identity;
  const declared = view.results().map((it) => [it.name, componentOfCheck(it)] as const);
  const names = new Set(declared.map(([name]) => name));
  const reported = [...view.reports.components()]
    .filter(([name]) => !names.has(name))
    .map(([name, it]) => [name, componentOfReport(it)] as const);
  return {
    status: status === "ok" || status === "degraded" ? 200 : 503,
    body: {
      status,
      system,
      process,
      environment,
      version: appVersion(view.env),
      components: Object.fromEntries([...declared, ...reported]),
    },
  };
}

function componentOfCheck(result: CheckResult): object {
  const { state, kind, critical, value, error, checkedAt, durationMs } = result;
  return {
    ok: state === "ok",
    state,
    kind,
    critical,
    ...(value === undefined ? {} : { value }),
    ...(error === undefined ? {} : { error }),
    ...(checkedAt ? { checkedAt: checkedAt.toISOString() } : {}),
    ...(durationMs === undefined ? {} : { ms: Math.round(durationMs) }),
  };
}

function componentOfReport({ ok, detail, at }: ReportedComponent): object {
  return {
    ok,
    state: ok ? "ok" : "failed",
    kind: "info",
    critical: false,
    ...(detail === undefined ? {} : { error: detail }),
    checkedAt: at.toISOString(),
  };
}

import type { CheckResult } from "./check.ts";
import { metricsAnswer } from "./metrics-answer.ts";
import type { Answer, Route } from "./preset.ts";
import type { ReportedComponent } from "./reports.ts";
import { type HealthStatus, judgeHealth, judgeLiveness, judgeReadiness } from "./verdict.ts";
import { appVersion, type HealthView } from "./view.ts";

/** Liveness: nothing outside is asked, so a hung dependency cannot slow it down. */
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

/** Readiness: 503 while a critical check fails, before the first results, and from the shutdown on. */
export function readyzRoute(view: HealthView, name: "readyz" | "ready" = "readyz"): Route {
  return { name, path: `/${name}`, answer: () => readiness(view) };
}

/** The state of everything: 200 also when only something that is not critical fails. */
export function healthRoute(view: HealthView): Route {
  return {
    name: "health",
    path: "/health",
    answer: () => {
      const status = judgeHealth(view.evidence());
      return { status: statusOf(status), body: healthBody(view, status) };
    },
  };
}

/** A page that costs nothing, for whoever keeps the service awake. */
export function keepaliveRoute(path = "/keepalive"): Route {
  return {
    name: "keepalive",
    path,
    answer: () => ({ status: 200, body: "ok", contentType: "text/plain; charset=utf-8" }),
  };
}

/** Prometheus text; JSON for who asks for it by the Accept header, or at `/metrics.json`. */
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

function statusOf(status: HealthStatus): number {
  return status === "ok" || status === "degraded" ? 200 : 503;
}

function healthBody(view: HealthView, status: HealthStatus): object {
  const { system, environment, process } = view.identity;
  const declared = view.results().map((it) => [it.name, componentOfCheck(it)] as const);
  const names = new Set(declared.map(([name]) => name));
  const reported = [...view.reports.components()]
    .filter(([name]) => !names.has(name))
    .map(([name, it]) => [name, componentOfReport(it)] as const);
  return {
    status,
    system,
    process,
    environment,
    version: appVersion(view.env),
    components: Object.fromEntries([...declared, ...reported]),
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

import {
  type CheckResult,
  type Evidence,
  judgeHealth,
  readinessProblems,
} from "../../health/check.ts";
import type { HealthView, Preset, ProbeContext, Route } from "../../health/preset.ts";
import { manifestCheck } from "../../health/probes/manifest-check.ts";
import { healthzRoute, metricsRoutes } from "../../health/answers.ts";
import { json } from "../../http.ts";

/** What the bodies call the service. */
const SERVICE = "Parlay Gorilla API";

/** Characters of one error of `/readyz`. */
const ERROR_MAX = 200;

const POSTGRES = { kind: "postgres", urlEnv: "DATABASE_URL" } as const;

const REDIS = { kind: "redis", urlEnv: "REDIS_URL" } as const;

/** parlay-gorilla: `/healthz`, `/readyz`, `/health` (always 200) and `/health/db`. */
export function healthPreset(context: ProbeContext): Preset {
  return {
    requestIdHeaders: ["x-request-id"],
    checks: [
      manifestCheck({ name: "database", kind: "ready", critical: true, probe: POSTGRES }, context),
      manifestCheck({ name: "redis", kind: "ready", critical: true, probe: REDIS }, context),
    ],
    routes: (view) => [
      healthzRoute(view),
      {
        name: "readyz",
        path: "/readyz",
        answer: ({ id }) => readyz(view, id),
      },
      { name: "health", path: "/health", answer: () => health(view) },
      databaseRoute(view),
      ...metricsRoutes(view),
    ],
  };
}

function readyz(view: HealthView, id: string): Response {
  const redis = resultOf(view, "redis");
  const checks = {
    database: resultOf(view, "postgres")?.state === "ok",
    redis: redis === undefined || !redis.isConfigured || redis.state === "ok",
  };
  const reasons = readinessProblems(evidenceOf(view));
  const ok = reasons.length === 0;
  return json(ok ? 200 : 503, {
    ok,
    checks,
    timestamp: new Date().toISOString(),
    ...(ok ? {} : { errors: reasons.map((it) => it.slice(0, ERROR_MAX)) }),
    request_id: id,
  });
}

/** The app works without a Redis, so one that is not configured does not count. */
function evidenceOf(view: HealthView): Evidence {
  const { results, ...evidence } = view.evidence();
  const counted = results.filter((it) => it.probeKind !== "redis" || it.isConfigured);
  return { ...evidence, results: counted };
}

function health(view: HealthView): Response {
  return json(200, {
    status: judgeHealth(evidenceOf(view)) === "ok" ? "healthy" : "degraded",
    timestamp: new Date().toISOString(),
    service: SERVICE,
    environment: view.identity.environment,
  });
}

function databaseRoute(view: HealthView): Route {
  return {
    name: "health/db",
    path: "/health/db",
    answer: () => {
      const database = resultOf(view, "postgres");
      const common = { timestamp: new Date().toISOString(), service: SERVICE };
      if (database?.state !== "ok") {
        const error = database?.error ?? "not checked yet";
        return json(503, { status: "unhealthy", database: "disconnected", error, ...common });
      }
      const latency = Math.round((database.durationMs ?? 0) * 100) / 100;
      return json(200, {
        status: "healthy",
        database: "connected",
        latency_ms: latency,
        ...common,
      });
    },
  };
}

function resultOf(view: HealthView, probe: CheckResult["probeKind"]): CheckResult | undefined {
  return view.results().find((it) => it.probeKind === probe);
}

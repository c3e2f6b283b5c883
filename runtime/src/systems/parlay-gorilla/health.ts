import { valueOf } from "../../contract/env.ts";
import {
  type CheckResult,
  type Evidence,
  judgeHealth,
  judgeReadiness,
} from "../../health/check.ts";
import type { Answer, HealthView, Preset, ProbeContext, Route } from "../../health/preset.ts";
import { postgresProbe } from "../../health/probes/postgres.ts";
import { redisProbe } from "../../health/probes/redis.ts";
import { healthzRoute, metricsRoutes } from "../../health/answers.ts";

/** What the bodies call the service. */
const SERVICE = "Parlay Gorilla API";

/** Characters of one error of `/readyz`. */
const ERROR_MAX = 200;

/** parlay-gorilla: `/healthz`, `/readyz`, `/health` (always 200) and `/health/db`. */
export function healthPreset({ env }: ProbeContext): Preset {
  return {
    requestIdHeaders: ["x-request-id"],
    checks: [
      {
        name: "database",
        kind: "ready",
        probeKind: "postgres",
        ...postgresProbe("DATABASE_URL", env),
      },
      {
        name: "redis",
        kind: "ready",
        probeKind: "redis",
        isConfigured: valueOf(env, "REDIS_URL") !== undefined,
        ...redisProbe("REDIS_URL", env),
      },
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

function readyz(view: HealthView, id: string): Answer {
  const redis = resultOf(view, "redis");
  const checks = {
    database: resultOf(view, "postgres")?.state === "ok",
    redis: redis === undefined || !redis.isConfigured || redis.state === "ok",
  };
  const { ok, reasons } = judgeReadiness(evidenceOf(view));
  return {
    status: ok ? 200 : 503,
    body: {
      ok,
      checks,
      timestamp: new Date().toISOString(),
      ...(ok ? {} : { errors: reasons.map((it) => it.slice(0, ERROR_MAX)) }),
      request_id: id,
    },
  };
}

/** The app works without a Redis, so one that is not configured does not count. */
function evidenceOf(view: HealthView): Evidence {
  const { results, ...evidence } = view.evidence();
  const counted = results.filter((it) => it.probeKind !== "redis" || it.isConfigured);
  return { ...evidence, results: counted };
}

function health(view: HealthView): Answer {
  return {
    status: 200,
    body: {
      status: judgeHealth(evidenceOf(view)) === "ok" ? "healthy" : "degraded",
      timestamp: new Date().toISOString(),
      service: SERVICE,
      environment: view.identity.environment,
    },
  };
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
        return {
          status: 503,
          body: { status: "unhealthy", database: "disconnected", error, ...common },
        };
      }
      const latency = Math.round((database.durationMs ?? 0) * 100) / 100;
      return {
        status: 200,
        body: { status: "healthy", database: "connected", latency_ms: latency, ...common },
      };
    },
  };
}

function resultOf(view: HealthView, probe: CheckResult["probeKind"]): CheckResult | undefined {
  return view.results().find((it) => it.probeKind === probe);
}

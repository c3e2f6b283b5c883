import { valueOf } from "../../contract/env.ts";
import {
  type Answer,
  appVersion,
  type HealthView,
  type Preset,
  type ProbeContext,
} from "../../health/preset.ts";
import { sqliteProbe } from "../../health/probes/sqlite.ts";
import { healthzRoute, metricsRoutes, readyzRoute } from "../../health/answers.ts";
import { judgeHealth } from "../../health/check.ts";

/** Path of the app's database where DB_PATH is not set. */
const DATABASE = "/data/ventas.db";

/** chorizaurio: `/health` and `/api/health`, always 200: a restart cures no database. */
export function healthPreset({ env, directory }: ProbeContext): Preset {
  const path = valueOf(env, "DB_PATH") ?? DATABASE;
  return {
    requestIdHeaders: ["x-request-id"],
    checks: [
      { name: "database", kind: "ready", probeKind: "sqlite", ...sqliteProbe({ path }, directory) },
    ],
    routes: (view) => [
      { name: "health", path: "/health", answer: ({ id }) => health(view, id) },
      { name: "api/health", path: "/api/health", answer: ({ id }) => health(view, id) },
      healthzRoute(view),
      readyzRoute(view),
      ...metricsRoutes(view),
    ],
  };
}

function health(view: HealthView, id: string): Answer {
  const database = view
    .results()
    .find((it) => it.probeKind === "sqlite" || it.probeKind === "postgres");
  return {
    status: 200,
    body: {
      status: judgeHealth(view.evidence()) === "ok" ? "healthy" : "degraded",
      database:
        database?.state === "ok" ? "ok" : `error: ${database?.error ?? "no check is declared"}`,
      database_type: database?.probeKind === "postgres" ? "postgresql" : "sqlite",
      environment: valueOf(view.env, "ENVIRONMENT") ?? view.identity.environment,
      version: appVersion(view.env),
      request_id: id,
      timestamp: new Date().toISOString(),
    },
  };
}

import { valueOf } from "../../contract/env.ts";
import {
  appVersion,
  type HealthView,
  type Preset,
  type ProbeContext,
} from "../../health/preset.ts";
import { manifestCheck } from "../../health/probes/manifest-check.ts";
import { healthzRoute, metricsRoutes, readyzRoute } from "../../health/answers.ts";
import { judgeHealth } from "../../health/check.ts";
import { json } from "../../http.ts";

/** Path of the app's database where DB_PATH is not set. */
const DATABASE = "/data/ventas.db";

/** chorizaurio: `/health` and `/api/health`, always 200: a restart cures no database. */
export function healthPreset(context: ProbeContext): Preset {
  const path = valueOf(context.env, "DB_PATH") ?? DATABASE;
  const probe = { kind: "sqlite", path } as const;
  return {
    requestIdHeaders: ["x-request-id"],
    checks: [manifestCheck({ name: "database", kind: "ready", critical: true, probe }, context)],
    routes: (view) => [
      { name: "health", path: "/health", answer: ({ id }) => health(view, id) },
      { name: "api/health", path: "/api/health", answer: ({ id }) => health(view, id) },
      healthzRoute(view),
      readyzRoute(view),
      ...metricsRoutes(view),
    ],
  };
}

function health(view: HealthView, id: string): Response {
  const database = view
    .results()
    .find((it) => it.probeKind === "sqlite" || it.probeKind === "postgres");
  return json(200, {
    status: judgeHealth(view.evidence()) === "ok" ? "healthy" : "degraded",
    database:
      database?.state === "ok" ? "ok" : `error: ${database?.error ?? "no check is declared"}`,
    database_type: database?.probeKind === "postgres" ? "postgresql" : "sqlite",
    environment: valueOf(view.env, "ENVIRONMENT") ?? view.identity.environment,
    version: appVersion(view.env),
    request_id: id,
    timestamp: new Date().toISOString(),
  });
}

import type { CheckResult } from "../../health/check.ts";
import type { HealthView, Preset, ProbeContext, Route } from "../../health/preset.ts";
import { manifestCheck } from "../../health/probes/manifest-check.ts";
import { healthzRoute, keepaliveRoute, metricsRoutes, readyzRoute } from "../../health/answers.ts";
import { json } from "../../http.ts";

/** Directories that vega-cockpit's smoke test expects to be writable. */
const DIRECTORIES = ["backups", "snapshots", "logs"];

/**
 * vega-cockpit: the page's smoke test is `/health`, always 200, with `overall` at `OK` or `CHECK`.
 * Streamlit's own `/_stcore/health` stays the app's.
 */
export function healthPreset(context: ProbeContext): Preset {
  return {
    requestIdHeaders: ["x-request-id"],
    checks: DIRECTORIES.map((path) =>
      manifestCheck({ name: path, kind: "info", probe: { kind: "disk", path } }, context),
    ),
    routes: (view) => [
      healthzRoute(view),
      readyzRoute(view),
      smokeRoute(view),
      keepaliveRoute(),
      ...metricsRoutes(view),
    ],
  };
}

function smokeRoute(view: HealthView): Route {
  return {
    name: "health",
    path: "/health",
    answer: () => {
      const checks = view.results();
      const isGood = checks.every((it) => it.state === "ok");
      return json(200, {
        ok: isGood,
        overall: isGood ? "OK" : "CHECK",
        checks: checks.map((it) => smokeLine(it)),
      });
    },
  };
}

function smokeLine({ name, state, error }: CheckResult): object {
  return { name, status: state === "ok" ? "OK" : "CHECK", ...(error ? { detail: error } : {}) };
}

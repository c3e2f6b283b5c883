import type { CheckResult } from "../../health/check.ts";
import type { Preset, Route } from "../../health/preset.ts";
import { diskProbe } from "../../health/probes/files.ts";
import type { ProbeContext } from "../../health/preset.ts";
import { healthzRoute, keepaliveRoute, metricsRoutes, readyzRoute } from "../../health/answers.ts";
import type { HealthView } from "../../health/preset.ts";

/** Directories that vega-cockpit's smoke test wants to be there and writable. */
const DIRECTORIES = ["backups", "snapshots", "logs"];

/**
 * vega-cockpit: the page has no health path of its own but Streamlit's `/_stcore/health`, which
 * stays the app's. Its smoke test is `/health`, always 200, with the words of the page: `overall`
 * is `OK` or `CHECK`.
 */
export function healthPreset({ directory }: ProbeContext): Preset {
  return {
    requestIdHeaders: ["x-request-id"],
    checks: DIRECTORIES.map((path) => ({
      name: path,
      kind: "info",
      probeKind: "disk",
      ...diskProbe({ path }, directory),
    })),
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
      return {
        status: 200,
        body: {
          ok: isGood,
          overall: isGood ? "OK" : "CHECK",
          checks: checks.map((it) => smokeLine(it)),
        },
      };
    },
  };
}

function smokeLine({ name, state, error }: CheckResult): object {
  return { name, status: state === "ok" ? "OK" : "CHECK", ...(error ? { detail: error } : {}) };
}

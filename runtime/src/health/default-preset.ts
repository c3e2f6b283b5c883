import type { Preset } from "./preset.ts";
import {
  healthRoute,
  healthzRoute,
  keepaliveRoute,
  metricsRoutes,
  readyzRoute,
} from "./route-answers.ts";

/** The runtime's own shape, for a system without older ones. */
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

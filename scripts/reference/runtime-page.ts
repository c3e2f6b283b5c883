import { HEALTH_PRESETS } from "@opspec/runtime/contract";
import type { RuntimeCommand } from "../../runtime/src/commands/command.ts";
import { EXIT } from "../../runtime/src/contract/exit-code.ts";
import { createHealth, type Health } from "../../runtime/src/health/health.ts";
import { createLogger } from "../../runtime/src/log.ts";
import { code, renderTable } from "./markdown.ts";
import { renderOpsPage } from "./ops-page.ts";

const EXIT_MEANS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: "The run succeeded or was skipped.",
  failed: "It failed.",
  usage: "The command's arguments are wrong.",
  temporary: "A dependency does not answer, or the run was interrupted. A retry may succeed.",
  configuration: "The configuration is wrong. A retry does not help.",
  timedOut: "The run reached its deadline.",
};

/** The default health paths. A preset may answer other bodies. */
const PATH_SAYS: readonly (readonly [path: string, says: string])[] = [
  ["/healthz", "Liveness. Never waits for a dependency."],
  [
    "/readyz",
    "Readiness. 503 while a critical check fails, before the first results, and during shutdown.",
  ],
  ["/ready", "The same."],
  ["/health", "Every component. 200 unless a critical check fails."],
  ["/keepalive", "`ok`, for keepalive requests."],
  ["/metrics", "Prometheus text; JSON for `Accept: application/json`."],
  ["/metrics.json", "The same as JSON."],
];

/** The runtime's commands, exit codes, health paths, metrics and ops paths. */
export async function renderRuntimePage(commands: readonly RuntimeCommand[]): Promise<string> {
  const codes = Object.entries(EXIT).map(([name, value]) => [
    String(value),
    EXIT_MEANS[name as keyof typeof EXIT],
  ]);
  return [
    "### Commands of the runtime",
    renderTable(
      ["command", "does"],
      commands.map(({ name, usage, summary }) => [
        code(`opspec-runtime ${name} ${usage}`.trimEnd()),
        summary,
      ]),
    ),
    "### Exit codes of the runtime",
    renderTable(["code", "means"], codes),
    "### Health",
    "`health/paths` moves an answer: its name is its path without the first slash; `root`, `queues` and `prometheus` are `/`, `/internal/metrics/queues` and `/internal/metrics/prometheus`.",
    renderTable(
      ["path", "answers"],
      PATH_SAYS.map(([path, says]) => [code(path), says]),
    ),
    "`health/preset` has the paths and the bodies that other programs rely on:",
    renderTable(["preset", "paths", "headers of the request id"], presetRows()),
    "### Metrics of the runtime",
    renderTable(["metric", "kind", "says"], await metricRows()),
    "### Ops",
    renderOpsPage(),
  ].join("\n\n");
}

function presetRows(): string[][] {
  return HEALTH_PRESETS.map((preset) => {
    const { paths, requestIdHeaders } = healthOf(preset);
    return [code(preset), [...paths].map(code).join(", "), requestIdHeaders.map(code).join(", ")];
  });
}

async function metricRows(): Promise<string[][]> {
  const metrics = await healthOf("opspec").metrics.getMetricsAsJSON();
  return metrics.map(({ name, type, help }) => [code(name), String(type), help]);
}

/** Health without checks, to list the paths that it answers. */
function healthOf(preset: (typeof HEALTH_PRESETS)[number]): Health {
  const identity = {
    system: "shop",
    stack: "shop",
    environment: "staging",
    process: "web",
  } as const;
  const log = createLogger({ manifest: undefined, env: {}, name: "health", write: () => {} });
  return createHealth({ manifest: { ...identity, health: { preset } }, env: {}, log });
}

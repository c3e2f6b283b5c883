import type { RuntimeManifest } from "@opspec/runtime/contract";
import type { HealthCheckSpec } from "../spec/health-check.ts";
import type { Reference } from "../spec/reference.ts";
import type { ServiceSpec } from "../spec/service.ts";
import type { Binding } from "./binding.ts";
import { milliseconds, seconds } from "./duration.ts";
import { given } from "./keyed.ts";

type ManifestHealth = NonNullable<RuntimeManifest["health"]>;
type ManifestCheck = NonNullable<ManifestHealth["checks"]>[number];

/** The health section of a service; undefined when the spec declares none. */
export function manifestHealth(service: ServiceSpec, binding: Binding): ManifestHealth | undefined {
  const { healthPreset, healthPaths, metricsKey, checks } = service;
  const health = given({
    preset: healthPreset,
    checks: checks && manifestChecks(checks, binding),
    paths: healthPaths && given(healthPaths),
    metricsKeyEnv: metricsKey && binding.nameOf(metricsKey.key),
    metricsKeyHeader: metricsKey?.header,
  });
  return Object.keys(health).length > 0 ? health : undefined;
}

function manifestChecks(
  checks: Readonly<Record<string, HealthCheckSpec>>,
  binding: Binding,
): ManifestCheck[] {
  return Object.entries(checks)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, check]) => ({
      name,
      kind: check.kind ?? "ready",
      ...given({
        critical: check.critical,
        timeoutMs: milliseconds(check.timeout),
        intervalMs: milliseconds(check.interval),
      }),
      probe: probeOf(check, binding),
    }));
}

type Probe = ManifestCheck["probe"];

function probeOf(check: HealthCheckSpec, binding: Binding): Probe {
  if ("postgres" in check) return { kind: "postgres", urlEnv: binding.nameOf(check.postgres) };
  if ("redis" in check) return { kind: "redis", urlEnv: binding.nameOf(check.redis) };
  if ("clock" in check) {
    const maxSkewMs = milliseconds(check.maxSkew);
    return { kind: "clock", urlEnv: binding.nameOf(check.clock), ...given({ maxSkewMs }) };
  }
  if ("queue" in check) {
    const { queue, of, max } = check;
    return { kind: "queue", urlEnv: binding.nameOf(of), key: queue, ...given({ max }) };
  }
  if ("http" in check) {
    return { kind: "http", ...address(check.http, binding), ...given({ status: check.status }) };
  }
  return localProbe(check);
}

type AskingCheck = Extract<
  HealthCheckSpec,
  | { postgres: unknown }
  | { redis: unknown }
  | { clock: unknown }
  | { queue: unknown }
  | { http: unknown }
>;

function localProbe(check: Exclude<HealthCheckSpec, AskingCheck>): Probe {
  if ("sqlite" in check) return { kind: "sqlite", path: check.sqlite };
  if ("tcp" in check) return { kind: "tcp", ...check.tcp };
  if ("disk" in check) {
    return { kind: "disk", path: check.disk, ...given({ minFreeMb: check.minFreeMb }) };
  }
  if ("component" in check) return { kind: "component", name: check.component };
  const withinSeconds = seconds(check.within);
  if ("job" in check) return { kind: "job", job: check.job, withinSeconds };
  if ("heartbeat" in check) return { kind: "heartbeat", name: check.heartbeat, withinSeconds };
  return { kind: "backup", directory: check.backup, prefix: check.prefix, withinSeconds };
}

/** A path of the app, a URL, or the variable with the URL. */
function address(
  http: string | Reference,
  binding: Binding,
): { path: string } | { url: string } | { urlEnv: string } {
  if (typeof http !== "string") return { urlEnv: binding.nameOf(http) };
  return http.startsWith("/") ? { path: http } : { url: http };
}

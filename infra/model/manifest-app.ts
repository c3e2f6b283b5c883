import type { RuntimeManifest } from "@opspec/runtime/contract";
import type { Reference } from "../spec/reference.ts";
import type { ServiceSpec } from "../spec/service.ts";
import type { SuperviseSpec } from "../spec/supervise.ts";
import type { Binding } from "./binding.ts";
import { DEFAULT_SHUTDOWN_SECONDS } from "../resources/facts.ts";
import { seconds } from "./duration.ts";
import { given } from "./keyed.ts";
import { isInFront, type SuperviseBlock } from "./supervision.ts";

type ManifestApp = NonNullable<RuntimeManifest["app"]>;
type Gate = NonNullable<ManifestApp["gates"]>[number];
type GateSpec = NonNullable<SuperviseBlock["gates"]>[string];
type MigrateSpec = NonNullable<SuperviseBlock["migrate"]>;

/** How the runtime supervises the app of a service. */
export function manifestApp(service: ServiceSpec, binding: Binding): ManifestApp {
  const block = blockOf(service.supervise);
  return {
    front: isInFront(service),
    graceSeconds: seconds(service.shutdown) ?? DEFAULT_SHUTDOWN_SECONDS,
    ...given({
      opsPort: block.opsPort,
      refusedStart: block.refusedStart,
      restart: block.restart && manifestRestart(block.restart),
      seed: block.seed && given(block.seed),
      gates: block.gates && manifestGates(block.gates, binding),
      migrate: block.migrate && manifestMigration(block.migrate, binding),
      watchdog: block.watchdog && manifestWatchdog(block.watchdog),
    }),
  };
}

function blockOf(supervise: SuperviseSpec | undefined): SuperviseBlock {
  return typeof supervise === "object" ? supervise : {};
}

function manifestRestart({
  policy,
  max,
  window,
}: NonNullable<SuperviseBlock["restart"]>): NonNullable<ManifestApp["restart"]> {
  return { policy, ...given({ max, windowSeconds: seconds(window) }) };
}

function manifestGates(gates: Readonly<Record<string, GateSpec>>, binding: Binding): Gate[] {
  return Object.entries(gates)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, gate]) => ({
      name,
      ...gatePlace(gate, binding),
      ...given({
        fail: gate.fail,
        failClosedEnv: gate.failClosedEnv,
        timeoutSeconds: seconds(gate.timeout),
      }),
    }));
}

type GateAddress = Extract<GateSpec, { tcp: unknown }>["tcp"];

function gatePlace(gate: GateSpec, binding: Binding): Omit<Gate, "name"> {
  if ("clamav" in gate) return { kind: "clamav", ...hostAndPort(gate.clamav) };
  if ("tcp" in gate) return { kind: "tcp", ...hostAndPort(gate.tcp) };
  return { kind: "http", ...urlOf(gate.http, binding) };
}

function hostAndPort({
  host,
  port,
}: GateAddress): Pick<Gate, "host" | "hostEnv" | "port" | "portEnv"> {
  return {
    ...(typeof host === "string" ? { host } : { hostEnv: host.env }),
    ...(typeof port === "number" ? { port } : { portEnv: port.env }),
  };
}

/** A literal URL, or the variable with the URL. */
function urlOf(url: string | Reference, binding: Binding): { url: string } | { urlEnv: string } {
  return typeof url === "string" ? { url } : { urlEnv: binding.nameOf(url) };
}

function manifestMigration(
  migrate: MigrateSpec,
  binding: Binding,
): NonNullable<ManifestApp["migrate"]> {
  if ("sqlite" in migrate) {
    const { sqlite, directory, owner } = migrate;
    return { kind: "sqlite", path: sqlite, directory, ...given({ owner }) };
  }
  const { command, url, atHead, deadline } = migrate;
  const urlEnv = binding.nameOf(url);
  return {
    kind: "postgres",
    command,
    urlEnv,
    ...given({ atHead, deadlineSeconds: seconds(deadline) }),
  };
}

function manifestWatchdog({
  check,
  stall,
  disconnect,
  from,
  ...signs
}: NonNullable<SuperviseBlock["watchdog"]>): NonNullable<ManifestApp["watchdog"]> {
  return given({
    checkSeconds: seconds(check),
    checkEnv: from?.check,
    stallSeconds: seconds(stall),
    stallEnv: from?.stall,
    disconnectSeconds: seconds(disconnect),
    disconnectEnv: from?.disconnect,
    ...signs,
  });
}

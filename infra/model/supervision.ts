import { PRESETS_WITHOUT_LIVENESS } from "@opspec/runtime/contract";
import type { DeepPartial } from "../spec/stack.ts";
import type { ServiceSpec } from "../spec/service.ts";
import type { SuperviseSpec } from "../spec/supervise.ts";

/** The runtime's liveness path, which depends on no other process. */
const LIVENESS_PATH = "/healthz";

/** Whether a service is built and started by commands, and not from an image. */
export function isNative({ runtime, type, source }: DeepPartial<ServiceSpec>): boolean {
  const isImage = source !== undefined && "image" in source;
  return runtime !== undefined && runtime !== "docker" && type !== "static" && !isImage;
}

/** The supervision options of a spec. */
export type SuperviseBlock = Exclude<SuperviseSpec, boolean>;

/**
 * Whether a service runs under the runtime. An image must declare it, because it must contain the
 * runtime.
 */
export function isSupervised(service: DeepPartial<ServiceSpec>): boolean {
  return service.supervise === undefined ? isNative(service) : service.supervise !== false;
}

/** The supervision options; undefined for `true` and `false`. */
export function superviseBlock({
  supervise,
}: DeepPartial<ServiceSpec>): DeepPartial<SuperviseBlock> {
  return typeof supervise === "object" ? supervise : {};
}

/**
 * Whether the runtime is a reverse proxy on the service's port. By default it is wherever there
 * is a port, so that health and ops paths need no second port.
 */
export function isInFront(service: DeepPartial<ServiceSpec>): boolean {
  if (!isSupervised(service)) return false;
  const { front, opsPort } = superviseBlock(service);
  if (front !== undefined) return front;
  if (opsPort !== undefined) return false;
  return service.type === "container" ? service.port !== undefined : service.type !== "worker";
}

/** The health check path: the declared one, else the runtime's liveness path. */
export function healthPathOf(service: DeepPartial<ServiceSpec>): string | undefined {
  if (service.health !== undefined) return service.health;
  const isPolled = service.type === "web" || service.type === "container";
  if (!isPolled || !isInFront(service)) return undefined;
  if (PRESETS_WITHOUT_LIVENESS.includes(service.healthPreset ?? "opspec")) return undefined;
  return service.healthPaths?.healthz ?? LIVENESS_PATH;
}

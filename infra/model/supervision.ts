import type { DeepPartial } from "../spec/stack.ts";
import type { ServiceSpec } from "../spec/service.ts";

/** Whether a service is built and started by commands, and not from an image. */
export function isNative({ runtime, type, source }: DeepPartial<ServiceSpec>): boolean {
  const isImage = source !== undefined && "image" in source;
  return runtime !== undefined && runtime !== "docker" && type !== "static" && !isImage;
}

/** Whether a service runs under the runtime. An image must say so, because it must carry it. */
export function isSupervised(service: DeepPartial<ServiceSpec>): boolean {
  return service.supervise ?? isNative(service);
}

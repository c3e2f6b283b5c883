import type { Problem } from "../../errors.ts";
import type { PartialStackSpec } from "../../spec/stack.ts";
import { entriesOf } from "../entries.ts";
import { hasNativeRuntime } from "../runtime-source.ts";
import { isNative, isSupervised } from "../supervision.ts";

/** Requires a source of the runtime for every service and job that runs under it. */
export function validateRuntimeSource(spec: PartialStackSpec): Problem[] {
  return [...nativeProblems(spec), ...cronProblems(spec)];
}

function nativeProblems(spec: PartialStackSpec): Problem[] {
  if (hasNativeRuntime(spec.runtimeSource)) return [];
  return entriesOf(spec.services).flatMap(([key, service]) => {
    if (!isNative(service) || !isSupervised(service)) return [];
    return [
      {
        path: `services/${key}/start`,
        message: "this service has no source of the runtime.",
        remedy:
          "Give runtimeSource an archive: (url and sha256) or a path:, or set supervise: false.",
      },
    ];
  });
}

function cronProblems(spec: PartialStackSpec): Problem[] {
  if (spec.runtimeSource?.image !== undefined) return [];
  return entriesOf(spec.jobs).flatMap(([key, { on, like }]) => {
    if (on !== "render" || like !== undefined) return [];
    return [
      {
        path: `jobs/${key}/on`,
        message: "there is no image for this cron job.",
        remedy: "Set runtimeSource/image to an image with its digest.",
      },
    ];
  });
}

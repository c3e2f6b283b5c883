import type { ManifestCheck } from "../../contract/health.ts";
import { valueOf } from "../../contract/env.ts";
import { CheckError } from "../check.ts";
import type { Probe, ProbeContext } from "./probe.ts";

type HttpTarget = Extract<ManifestCheck["probe"], { kind: "http" }>;

/** A URL, or a path of the app, answers: with the given status, else with 2xx or 3xx as for Render. */
export function httpProbe(target: HttpTarget, context: ProbeContext): Probe {
  return {
    look: async (signal) => {
      const response = await fetch(urlOf(target, context), { signal, redirect: "manual" });
      // The status is the answer; an unread body would keep the connection from being used again.
      await response.body?.cancel();
      const { status } = response;
      const isGood = target.status === undefined ? status >= 200 && status < 400 : false;
      if (isGood || status === target.status) return {};
      return { problem: `HTTP ${status}` };
    },
  };
}

function urlOf(target: HttpTarget, { env, appUrl }: ProbeContext): string {
  if (target.path !== undefined) {
    const base = appUrl?.();
    if (base === undefined) throw new CheckError("the app has not started");
    return new URL(target.path, base).href;
  }
  const url = target.url ?? (target.urlEnv === undefined ? undefined : valueOf(env, target.urlEnv));
  if (url === undefined) throw new CheckError(`${target.urlEnv ?? "its URL"} is not set`);
  return url;
}

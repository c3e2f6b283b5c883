import { once } from "node:events";
import { connect } from "node:net";
import { valueOf } from "../../contract/env.ts";
import type { Probe } from "../check.ts";
import { CheckError } from "../error-words.ts";
import type { ProbeContext, ProbeTarget } from "../preset.ts";

/** A URL, or a path of the app, answers: with the given status, else with 2xx or 3xx as for Render. */
export function httpProbe(target: ProbeTarget<"http">, context: ProbeContext): Probe {
  return {
    probe: async (signal) => {
      const response = await fetch(urlOf(target, context), { signal, redirect: "manual" });
      // An unread body would keep the connection from being used again.
      await response.body?.cancel();
      const { status } = response;
      const isExpected =
        target.status === undefined ? status >= 200 && status < 400 : status === target.status;
      return isExpected ? {} : { problem: `HTTP ${status}` };
    },
  };
}

function urlOf(target: ProbeTarget<"http">, { env, appUrl }: ProbeContext): string {
  if (target.path !== undefined) {
    const base = appUrl?.();
    if (base === undefined) throw new CheckError("the app has not started");
    return new URL(target.path, base).href;
  }
  const url = target.url ?? (target.urlEnv === undefined ? undefined : valueOf(env, target.urlEnv));
  if (url === undefined) throw new CheckError(`${target.urlEnv ?? "its URL"} is not set`);
  return url;
}

/** A TCP port accepts a connection. */
export function tcpProbe({ host, port }: ProbeTarget<"tcp">): Probe {
  return {
    probe: async (signal) => {
      const socket = connect({ host, port, signal });
      await once(socket, "connect");
      socket.destroy();
      return {};
    },
  };
}

import { createApp } from "../local-cloud/app.ts";
import type { Cloud } from "../local-cloud/cloud.ts";
import { createFaultQueue } from "../local-cloud/faults.ts";
import { createRateLimiter } from "../local-cloud/rate-limits.ts";
import { createRequestLog } from "../local-cloud/request-log.ts";
import { emptyState } from "../local-cloud/state.ts";

/** Every step takes no time, so a deploy is live in the answer that starts it. */
const NO_TIME = {
  buildMs: 0,
  preDeployMs: 0,
  updateMs: 0,
  databaseMs: 0,
  keyValueMs: 0,
  jobMs: 0,
};

/** A local cloud in this process, without a socket and without delays. */
export interface TimelessCloud {
  readonly cloud: Cloud;
  send(url: string, init: RequestInit): Promise<Response>;
}

/** Creates an empty, strict cloud. */
export function timelessCloud(): TimelessCloud {
  const state = emptyState();
  Object.assign(state.settings, { rateLimits: "off", strict: true });
  const cloud: Cloud = {
    state,
    phases: NO_TIME,
    faults: createFaultQueue(),
    requests: createRequestLog(),
    limits: createRateLimiter(),
    stopping: new AbortController().signal,
  };
  const app = createApp(cloud, () => undefined);
  return {
    cloud,
    send: async (url, init) => {
      const headers = { ...Object.fromEntries(new Headers(init.headers)), host: "127.0.0.1" };
      return app.fetch(new Request(url, { ...init, headers }));
    },
  };
}

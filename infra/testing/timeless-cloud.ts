import { createApp } from "../local-cloud/app.ts";
import type { Cloud } from "../local-cloud/cloud.ts";
import { createFaultQueue } from "../local-cloud/faults.ts";
import { createRateLimiter } from "../local-cloud/rate-limits.ts";
import { createRequestLog } from "../local-cloud/request-log.ts";
import { emptyState } from "../local-cloud/state.ts";

/** Nothing takes time: a deploy is live in the answer that starts it. */
const NO_TIME = {
  buildMs: 0,
  preDeployMs: 0,
  updateMs: 0,
  databaseMs: 0,
  keyValueMs: 0,
  jobMs: 0,
};

/** A local cloud in this process: no socket, no waiting, and its state at hand. */
export interface TimelessCloud {
  readonly cloud: Cloud;
  send(url: string, init: RequestInit): Promise<Response>;
}

/** An empty one, which refuses what Render would not know. */
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

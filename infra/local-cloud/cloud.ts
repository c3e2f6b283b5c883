import type { HttpBindings } from "@hono/node-server";
import type { Hono } from "hono";

import type { FaultQueue } from "./faults.ts";
import type { PhaseTimes } from "./phase-times.ts";
import type { RateLimiter } from "./rate-limits.ts";
import type { RequestLog } from "./request-log.ts";
import type { Runner } from "./run/runner.ts";
import type { CloudState } from "./state.ts";

/** One local cloud: what it holds and what stands around it. */
export interface Cloud {
  /** Replaced as a whole by a reset. */
  state: CloudState;
  readonly phases: PhaseTimes;
  readonly faults: FaultQueue;
  readonly requests: RequestLog;
  readonly limits: RateLimiter;
  /** Ends the waits of delayed requests when the cloud stops. */
  readonly stopping: AbortSignal;
  /** Builds and starts what is deployed; without it the cloud only keeps what it is told. */
  runner?: Runner;
}

/** What a route finds in its context: Node's own request and response, to cut a connection. */
export interface CloudEnv {
  Bindings: HttpBindings;
}

/** A set of routes of the cloud. */
export type CloudRoutes = Hono<CloudEnv>;

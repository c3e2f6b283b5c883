import type { HttpBindings } from "@hono/node-server";
import type { Hono } from "hono";

import type { FaultQueue } from "./faults.ts";
import type { PhaseTimes } from "./clock.ts";
import type { RateLimiter } from "./rate-limits.ts";
import type { RequestLog } from "./request-log.ts";
import type { LogLine } from "./render/deploy-states.ts";
import type { ServiceRecord } from "./render/records.ts";
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

/** Builds and starts what the cloud holds, as processes of this machine. */
export interface Runner {
  /** Whether a service is really built and started, and not only recorded. */
  readonly runs: (service: ServiceRecord) => boolean;
  /** Makes a service one that runs, if it has a folder, and opens its address. */
  readonly admit: (serviceId: string) => Promise<void>;
  /** Where a service is found on this machine. */
  readonly address: (serviceId: string) => string | undefined;
  readonly lines: (serviceId: string) => readonly LogLine[];
  readonly restart: (serviceId: string) => void;
  /** Brings what runs in line with what the cloud holds. */
  readonly reconcile: () => void;
  /** Ends every process, in order. */
  readonly stop: () => Promise<void>;
}

/** What a route finds in its context: Node's own request and response, to cut a connection. */
export interface CloudEnv {
  Bindings: HttpBindings;
}

/** A set of routes of the cloud. */
export type CloudRoutes = Hono<CloudEnv>;

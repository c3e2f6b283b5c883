import type { HttpBindings } from "@hono/node-server";
import type { Hono } from "hono";

import type { FaultQueue } from "./faults.ts";
import type { PhaseTimes } from "./clock.ts";
import type { RateLimiter } from "./rate-limits.ts";
import type { RequestLog } from "./request-log.ts";
import type { LogLine } from "./render/deploy-states.ts";
import type { ServiceRecord } from "./render/records.ts";
import type { CloudState } from "./state.ts";

/** One local cloud: its state and its services. */
export interface Cloud {
  /** A reset replaces the whole state. */
  state: CloudState;
  readonly phases: PhaseTimes;
  readonly faults: FaultQueue;
  readonly requests: RequestLog;
  readonly limits: RateLimiter;
  /** The only bearer token that Render's API accepts; without it, any one is accepted. */
  readonly token?: string;
  /** Aborted when the cloud stops; ends delayed requests. */
  readonly stopping: AbortSignal;
  /** Builds and starts deployed services; without it the cloud only records them. */
  runner?: Runner;
}

/** Builds and starts the cloud's services as processes of this machine. */
export interface Runner {
  /** Whether a service runs here; otherwise it is only recorded. */
  readonly runs: (service: ServiceRecord) => boolean;
  /** Adds a service that has a source folder, and opens its address. */
  readonly admit: (serviceId: string) => Promise<void>;
  /** The address of a service on this machine. */
  readonly address: (serviceId: string) => string | undefined;
  readonly lines: (serviceId: string) => readonly LogLine[];
  readonly restart: (serviceId: string) => void;
  /** Starts, restarts and stops processes until they match the cloud's state. */
  readonly reconcile: () => void;
  /** Stops every process gracefully. */
  readonly stop: () => Promise<void>;
}

/** The context of a route: Node's request and response, so that a fault can cut the connection. */
export interface CloudEnv {
  Bindings: HttpBindings;
}

/** A set of routes of the cloud. */
export type CloudRoutes = Hono<CloudEnv>;

import { z } from "zod";

/** The ways in which a deploy can be made to fail. */
export const DEPLOY_FAILURES = [
  "build_failed",
  "pre_deploy_failed",
  "update_failed",
  "canceled",
] as const;

const times = z.int().min(1).default(1);

/**
 * A fault of a request: an error answer, a cut connection, a delay, or a delay followed by one of
 * these.
 */
const RequestFault = z
  .strictObject({
    /** Any method when absent. */
    method: z.string().toUpperCase().optional(),
    /** The whole path; `*` stands for one segment. */
    path: z.string().startsWith("/"),
    times,
    status: z.int().min(400).max(599).optional(),
    /**
     * Seconds in a `Retry-After` header. Recorded traffic of Render has none, so it is sent only on
     * request.
     */
    retryAfter: z.int().min(0).optional(),
    /** Cuts the connection before the request is executed, or after it and before the answer. */
    reset: z.enum(["before-write", "after-write"]).optional(),
    delayMs: z.int().min(0).optional(),
  })
  .refine(({ status, reset, delayMs }) => [status, reset, delayMs].some((it) => it !== undefined), {
    error: "a fault of a request needs status, reset or delayMs",
  });

/** A fault of a deploy: the next deploys of the service fail this way. */
const DeployFault = z.strictObject({
  deploy: z.enum(DEPLOY_FAILURES),
  /** Name of the service; any service when absent. */
  service: z.string().optional(),
  /** The reason in the deploy log. */
  reason: z.string().optional(),
  times,
});

/** The body of `POST /__local/faults`. */
export const FaultList = z.array(
  z.union([DeployFault, RequestFault], {
    error: `should be a fault of a request ({ path } with status, reset or delayMs) or of a deploy ({ deploy: ${DEPLOY_FAILURES.join(" | ")} })`,
  }),
);

export type RequestFault = z.infer<typeof RequestFault>;
export type DeployFault = z.infer<typeof DeployFault>;

/** The queued faults. Each is removed after it was used `times` times. */
export interface FaultQueue {
  readonly add: (faults: readonly (RequestFault | DeployFault)[]) => void;
  readonly clear: () => void;
  readonly takeForRequest: (method: string, path: string) => RequestFault | undefined;
  readonly takeForDeploy: (serviceName: string) => DeployFault | undefined;
}

/** An empty queue. */
export function createFaultQueue(): FaultQueue {
  const requests: RequestFault[] = [];
  const deploys: DeployFault[] = [];

  return {
    add(faults) {
      for (const fault of faults) {
        if ("deploy" in fault) deploys.push({ ...fault });
        else requests.push({ ...fault });
      }
    },
    clear() {
      requests.length = 0;
      deploys.length = 0;
    },
    takeForRequest: (method, path) => takeFirst(requests, (it) => isFor(it, method, path)),
    takeForDeploy: (name) => takeFirst(deploys, (it) => (it.service ?? name) === name),
  };
}

function takeFirst<T extends { times: number }>(
  queue: T[],
  matches: (fault: T) => boolean,
): T | undefined {
  const index = queue.findIndex(matches);
  const fault = queue[index];
  if (!fault) return undefined;

  fault.times -= 1;
  if (fault.times === 0) queue.splice(index, 1);
  return fault;
}

function isFor(fault: RequestFault, method: string, path: string): boolean {
  const wanted = fault.path.split("/");
  const actual = path.split("/");

  return (
    (fault.method ?? method) === method &&
    wanted.length === actual.length &&
    wanted.every((segment, index) => segment === "*" || segment === actual[index])
  );
}

import { type Context, Hono } from "hono";
import { z } from "zod";

import { badRequest } from "./api-error.ts";
import { exactTimestamp, nowMs } from "./clock.ts";
import type { Cloud, CloudEnv, CloudRoutes } from "./cloud.ts";
import { FaultList } from "./faults.ts";
import { answer } from "./render/requests.ts";
import { serviceType } from "./render/service-types.ts";
import { emptyState } from "./state.ts";

/** Path prefix of the cloud's own controls. */
export const CONTROL_BASE = "/__local";

const SettingsBody = z.strictObject({
  deployPolicy: z.enum(["override", "wait"]).optional(),
  rateLimits: z.enum(["on", "off"]).optional(),
  strict: z.boolean().optional(),
});

/** The clock only moves forward, because past events cannot be undone. */
const ClockBody = z.strictObject({ advanceSeconds: z.number().min(0) });

/** The routes that control the cloud: a public interface for tests and other tools. */
export function createControl(cloud: Cloud): CloudRoutes {
  const control = new Hono<CloudEnv>();

  control.post("/reset", () => {
    cloud.state = emptyState();
    cloud.faults.clear();
    cloud.requests.clear();
    cloud.limits.clear();
    return answer(200, {});
  });

  control.post("/settings", async (context) => {
    const changes = await readControl(context, SettingsBody);
    // Calls that were counted before the limits were switched on must not count.
    if (changes.rateLimits) cloud.limits.clear();
    cloud.state.settings = { ...cloud.state.settings, ...changes };
    return answer(200, cloud.state.settings);
  });

  control.post("/clock", async (context) => {
    const { advanceSeconds } = await readControl(context, ClockBody);
    cloud.state.clockOffsetMs += advanceSeconds * 1000;
    return answer(200, { now: exactTimestamp(nowMs(cloud.state)) });
  });

  control.post("/faults", async (context) => {
    const faults = await readControl(context, FaultList);
    cloud.faults.add(faults);
    return answer(200, { added: faults.length });
  });

  control.get("/addresses", () => answer(200, runningAddresses(cloud)));
  control.get("/requests", () => answer(200, cloud.requests.entries()));
  return control;
}

/**
 * The real addresses of the running services, by the origin that they would have on Render.
 *
 * Everywhere else a service keeps its Render address, so that a stack does not depend on whether it
 * runs.
 */
function runningAddresses({ state, runner }: Cloud): Record<string, string> {
  const pairs = Object.values(state.services).flatMap(({ id, type, slug }) => {
    const url = serviceType(type).url?.(slug);
    const real = runner?.address(id);
    if (url === undefined || real === undefined) return [];
    return [[url.includes("://") ? url : `http://${url}`, real] as const];
  });
  return Object.fromEntries(pairs);
}

async function readControl<Schema extends z.ZodType>(
  context: Context,
  schema: Schema,
): Promise<z.output<Schema>> {
  const value: unknown = await context.req.json().catch(() => {
    throw badRequest(`${context.req.path}: the body is not JSON. Send one JSON value.`);
  });
  const result = schema.safeParse(value);
  if (!result.success) {
    const problems = result.error.issues.map(
      ({ path, message }) => `${path.length > 0 ? `${path.join("/")}: ` : ""}${message}`,
    );
    throw badRequest(`${context.req.path}: ${problems.join("; ")}.`);
  }

  return result.data;
}

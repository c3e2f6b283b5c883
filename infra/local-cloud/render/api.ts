import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

import { Hono } from "hono";

import { ApiError } from "../api-error.ts";
import { nowMs } from "../clock.ts";
import type { Cloud, CloudEnv, CloudRoutes } from "../cloud.ts";
import { type Budget, wholeBudget } from "../rate-limits.ts";
import { answer } from "./requests.ts";
import { addBlueprintRoutes } from "./blueprints.ts";
import { addCronRunRoutes } from "./cron-runs.ts";
import { addCustomDomainRoutes } from "./custom-domains.ts";
import { addDedicatedIpRoutes } from "./dedicated-ips.ts";
import { addDeployRoutes } from "./deploys.ts";
import { addDiskRoutes } from "./disks.ts";
import { addEnvGroupItemRoutes, addEnvGroupRoutes } from "./env-groups.ts";
import { addEnvVarRoutes, addSecretFileRoutes } from "./env-vars.ts";
import { addEnvironmentRoutes } from "./environments.ts";
import { addEventRoutes } from "./events.ts";
import { addJobRoutes } from "./jobs.ts";
import { addKeyValueRoutes } from "./key-values.ts";
import { addLogRoutes } from "./logs.ts";
import { addNotificationRoutes } from "./notifications.ts";
import { addOwnerRoutes } from "./owners.ts";
import { addPostgresRoutes } from "./postgres.ts";
import { addProjectRoutes } from "./projects.ts";
import { addRegistryCredentialRoutes } from "./registry-credentials.ts";
import { addPreviewRoute, addServiceActionRoutes, addServiceRoutes } from "./services.ts";
import { addScaleRoutes } from "./service-scale.ts";
import { addHeaderRoutes, addRouteRoutes } from "./static-site.ts";
import { addLogStreamRoutes, addMetricsStreamRoutes } from "./streams.ts";
import { addUnsupportedRoutes } from "./unsupported.ts";
import { addWebhookRoutes } from "./webhooks.ts";

/** Path prefix of Render's API. */
export const RENDER_BASE = "/v1";

/** Every noun of the API; a new one is a line here. */
const NOUNS: readonly ((api: CloudRoutes, cloud: Cloud) => void)[] = [
  addOwnerRoutes,
  addServiceRoutes,
  addServiceActionRoutes,
  addPreviewRoute,
  addScaleRoutes,
  addEnvVarRoutes,
  addSecretFileRoutes,
  addDiskRoutes,
  addDeployRoutes,
  addLogRoutes,
  addCronRunRoutes,
  addJobRoutes,
  addEventRoutes,
  addCustomDomainRoutes,
  addHeaderRoutes,
  addRouteRoutes,
  addEnvGroupRoutes,
  addEnvGroupItemRoutes,
  addPostgresRoutes,
  addKeyValueRoutes,
  addProjectRoutes,
  addEnvironmentRoutes,
  addRegistryCredentialRoutes,
  addNotificationRoutes,
  addLogStreamRoutes,
  addMetricsStreamRoutes,
  addWebhookRoutes,
  addDedicatedIpRoutes,
  addBlueprintRoutes,
  addUnsupportedRoutes,
];

/** Render's REST API, version 1. */
export function createRenderApi(cloud: Cloud): CloudRoutes {
  const api = new Hono<CloudEnv>();

  api.use(async (context, next) => {
    const path = context.req.path.slice(RENDER_BASE.length);
    const budget = budgetOf(cloud, context.req.method, path);
    const isRefused = !isAllowed(cloud, context.req.header("authorization"));
    const refusal = refusalOf(isRefused, budget);
    if (refusal) context.res = refusal;
    else await next();

    for (const [name, value] of headersOf(budget)) context.res.headers.set(name, value);
  });
  for (const addRoutes of NOUNS) addRoutes(api, cloud);

  api.onError((error) => errorAnswer(error));
  return api;
}

/**
 * Answers with Render's error body. A bug of ours is a 500, and its stack is printed in the
 * terminal.
 */
export function errorAnswer(error: Error): Response {
  if (error instanceof ApiError) return answer(error.status, { message: error.message });

  process.stderr.write(`${error.stack}\n`);
  return answer(500, { message: "internal error of the local cloud; see its terminal" });
}

/** Counts the call and returns the rest of its class's budget; all of it while limits are off. */
function budgetOf(cloud: Cloud, method: string, path: string): Budget {
  const isLimited = cloud.state.settings.rateLimits === "on";
  return isLimited
    ? cloud.limits.count(method, path, nowMs(cloud.state))
    : wholeBudget(method, path);
}

/**
 * Whether a call has the cloud's own token. A cloud without one, which runs nothing, accepts any
 * non-empty token; the check then only catches clients that forget the header.
 */
export function isAllowed({ token }: Pick<Cloud, "token">, authorization = ""): boolean {
  const given = /^Bearer (\S+)\s*$/i.exec(authorization)?.[1];
  if (given === undefined || token === undefined) return given !== undefined;
  const [a, b] = [given, token].map((it) => createHash("sha256").update(it).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}

function refusalOf(isRefused: boolean, budget: Budget): Response | undefined {
  if (isRefused) return answer(401, { message: "Unauthorized" });
  return budget.isSpent ? answer(429, { message: "rate limit exceeded" }) : undefined;
}

/** The headers of every answer in recorded traffic. */
function headersOf({ limit, remaining, resetSeconds }: Budget): readonly [string, string][] {
  return [
    ["Ratelimit-Limit", String(limit)],
    ["Ratelimit-Remaining", String(remaining)],
    ["Ratelimit-Reset", String(resetSeconds)],
    ["Render-Request-Id", `api-local/${randomBytes(8).toString("hex")}-000001`],
    ["Vary", "Origin"],
    ["X-Content-Type-Options", "nosniff"],
    ["X-Frame-Options", "DENY"],
    ["Referrer-Policy", "same-origin"],
  ];
}

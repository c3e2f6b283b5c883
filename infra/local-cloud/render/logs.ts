import { badRequest } from "../api-error.ts";
import { exactTimestamp, nowMs } from "../clock.ts";
import type { Cloud, CloudRoutes } from "../cloud.ts";
import { answer, queryOf, serviceById } from "./requests.ts";
import { deployLog, type LogLine } from "./deploy-states.ts";
import { deploysOf, statesOf } from "./deploy-start.ts";
import { instant, isWanted, pageLimit } from "./lists.ts";

/** Labels that only lines about requests have. */
const REQUEST_LABELS = ["method", "path", "statusCode", "host", "instance"];

/** Number of lines that a search for the values of a label reads. */
const PAGE_MAX = 100;

/** The default range of a query without a start. */
const WINDOW_MS = 60 * 60 * 1000;

/** `/logs`: the log lines of the named resources and their deploys. */
export function addLogRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.get("/logs", (context) => {
    const query = queryOf(context);
    return answer(200, logPage(askedLines(cloud, query), query, nowMs(cloud.state)));
  });
  addValueRoute(api, cloud);
}

/** `/logs/values`: the values of one label in the lines that the query selects. */
function addValueRoute(api: CloudRoutes, cloud: Cloud): void {
  api.get("/logs/values", (context) => {
    const query = queryOf(context);
    const label = query.get("label");
    if (!label) throw badRequest("label is required");
    query.set("limit", String(PAGE_MAX));
    const lines = logPage(askedLines(cloud, query), query, nowMs(cloud.state)).logs;
    const values = lines.flatMap(({ labels }) => labels.filter((it) => it.name === label));
    return answer(200, [...new Set(values.map((it) => it.value))].toSorted());
  });
}

/** The lines of every resource of a query. */
export function askedLines(cloud: Cloud, query: URLSearchParams): LogLine[] {
  const resources = query.getAll("resource");
  if (!query.get("ownerId") || resources.length === 0) {
    throw badRequest("ownerId and resource are required");
  }
  return resources.flatMap((id) => resourceLog(cloud, id));
}

/** Databases and stores are only recorded, and one-off jobs too, so they have no lines. */
function resourceLog(cloud: Cloud, id: string): LogLine[] {
  const { jobs, postgres, keyValues } = cloud.state;
  const isSilent = [jobs, postgres, keyValues].some((table) => Object.hasOwn(table, id));
  return isSilent ? [] : serviceLog(cloud, id);
}

function serviceLog(cloud: Cloud, serviceId: string): LogLine[] {
  const service = serviceById(cloud, serviceId);
  const states = statesOf(cloud, serviceId);
  const atMs = nowMs(cloud.state);

  const steps = deploysOf(cloud, serviceId).flatMap((deploy) => {
    const state = states.get(deploy.id);
    return state ? deployLog(service, deploy, { state, atMs }) : [];
  });
  return [...(cloud.runner?.lines(serviceId) ?? []), ...steps];
}

/** One page, newest lines first unless `direction=forward`, and the start of the next page. */
function logPage(lines: readonly LogLine[], query: URLSearchParams, atMs: number) {
  const endMs = instant(query, "endTime") ?? atMs;
  const startMs = instant(query, "startTime") ?? endMs - WINDOW_MS;
  const isForward = query.get("direction") === "forward";
  const found = lines
    .filter((it) => isAsked(it, query) && isBetween(it, startMs, endMs))
    .toSorted((a, b) => a.timestamp.localeCompare(b.timestamp));
  const ordered = isForward ? found : found.toReversed();
  const logs = ordered.slice(0, pageLimit(query));
  const next = ordered[logs.length]?.timestamp;

  return {
    hasMore: next !== undefined,
    nextStartTime: isForward && next ? next : exactTimestamp(startMs),
    nextEndTime: !isForward && next ? next : exactTimestamp(endMs),
    logs,
  };
}

/** Whether a line passes the filters of a query. */
export function isAsked({ labels, message }: LogLine, query: URLSearchParams): boolean {
  const texts = query.getAll("text");
  const isWithoutLabel = REQUEST_LABELS.some(
    (label) =>
      query.getAll(label).some((it) => it !== "") && !labels.some(({ name }) => name === label),
  );
  return (
    !isWithoutLabel &&
    labels.every(({ name, value }) => name === "resource" || isWanted(query, name, value)) &&
    (texts.length === 0 || texts.some((it) => message.includes(it)))
  );
}

function isBetween({ timestamp }: LogLine, startMs: number, endMs: number): boolean {
  const atMs = Date.parse(timestamp);
  return atMs >= startMs && atMs <= endMs;
}

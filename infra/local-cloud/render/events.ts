import { createHash } from "node:crypto";

import { notFound } from "../api-error.ts";
import { exactTimestamp, nowMs, timestamp } from "../clock.ts";
import type { Cloud, CloudRoutes } from "../cloud.ts";
import { newId } from "../ids.ts";
import { answer, queryOf, serviceById } from "./requests.ts";
import { deploysOf, statesOf } from "./deploy-start.ts";
import { instant, isWanted, listPage } from "./lists.ts";
import type { EventRecord } from "./records.ts";
import { runState } from "./cron-runs.ts";

/** One event as Render shows it. */
interface ServiceEvent {
  readonly id: string;
  readonly serviceId: string;
  readonly timestamp: string;
  readonly type: string;
  readonly details: Readonly<Record<string, string>>;
}

/**
 * `/services/{id}/events` and `/events/{id}`: starts and ends of deploys, runs and jobs;
 * suspensions.
 */
export function addEventRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.get("/services/:serviceId/events", (context) => {
    const { id } = serviceById(cloud, context.req.param("serviceId"));
    const query = queryOf(context);
    const rows = eventsOf(cloud, id).filter((it) => isAsked(query, it));
    return answer(
      200,
      listPage(rows, query, { noun: "event", key: (it) => it.id, view: (it) => it }),
    );
  });

  api.get("/events/:eventId", (context) => {
    const eventId = context.req.param("eventId");
    const all = Object.keys(cloud.state.services).flatMap((id) => eventsOf(cloud, id));
    const event = all.find(({ id }) => id === eventId);
    if (!event) throw notFound(eventId);

    return answer(200, event);
  });
}

/** Stores an event that no other record shows. */
export function recordEvent(cloud: Cloud, serviceId: string, type: EventRecord["type"]): void {
  const at = nowMs(cloud.state);
  const event = { id: newId("evt", at), serviceId, timestamp: timestamp(at), type };

  cloud.state.events[event.id] = event;
}

function isAsked(query: URLSearchParams, { type, timestamp: at }: ServiceEvent): boolean {
  const atMs = Date.parse(at);
  return (
    isWanted(query, "type", type) &&
    atMs >= (instant(query, "startTime") ?? -Infinity) &&
    atMs <= (instant(query, "endTime") ?? Infinity)
  );
}

/** The events of a service up to now, newest first. */
function eventsOf(cloud: Cloud, serviceId: string): ServiceEvent[] {
  const kept = Object.values(cloud.state.events)
    .filter((it) => it.serviceId === serviceId)
    .map((it) => ({ ...it, details: {} }));

  return [...kept, ...deployEvents(cloud, serviceId), ...runEvents(cloud, serviceId)]
    .filter((it) => Date.parse(it.timestamp) <= nowMs(cloud.state))
    .toSorted((a, b) => b.timestamp.localeCompare(a.timestamp));
}

function deployEvents(cloud: Cloud, serviceId: string): ServiceEvent[] {
  const states = statesOf(cloud, serviceId);

  return deploysOf(cloud, serviceId).flatMap(({ id: deployId, trigger, outcome }) => {
    const state = states.get(deployId);
    if (!state) return [];

    const event = (type: string, atMs: number, details: Record<string, string>) =>
      derived(`${deployId}/${type}`, { serviceId, type, atMs, details: { deployId, ...details } });
    const deployStatus = state.status === "canceled" ? "canceled" : endStatus(outcome);
    const started = event("deploy_started", state.startedMs, { trigger });
    const ended = event("deploy_ended", state.endsMs, { deployStatus });
    return state.startedMs > state.endsMs ? [ended] : [started, ended];
  });
}

function endStatus(outcome: string): string {
  return outcome === "live" ? "succeeded" : outcome === "canceled" ? "canceled" : "failed";
}

function runEvents(cloud: Cloud, serviceId: string): ServiceEvent[] {
  const { cronRuns, jobs } = cloud.state;
  const kinds = [
    { runs: Object.values(cronRuns), prefix: "cron_job_run", idName: "cronJobRunId" },
    { runs: Object.values(jobs), prefix: "job_run", idName: "jobId" },
  ];

  return kinds.flatMap(({ runs, prefix, idName }) =>
    runs
      .filter((it) => it.serviceId === serviceId)
      .flatMap((run) => {
        const { status, startedMs, finishedMs } = runState(
          run,
          cloud.phases.jobMs,
          nowMs(cloud.state),
        );
        const event = (type: string, atMs: number | undefined, details: Record<string, string>) =>
          atMs === undefined
            ? []
            : [derived(`${run.id}/${type}`, { serviceId, type, atMs, details })];
        return [
          ...event(`${prefix}_started`, startedMs, { [idName]: run.id }),
          ...event(`${prefix}_ended`, finishedMs, { [idName]: run.id, status }),
        ];
      }),
  );
}

/** An event that is computed for each answer; its id is made from its subject. */
function derived(
  key: string,
  event: Omit<ServiceEvent, "id" | "timestamp"> & { readonly atMs: number },
): ServiceEvent {
  const { atMs, ...rest } = event;
  const id = `evt-${createHash("sha256").update(key).digest("hex").slice(0, 20)}`;
  return { id, timestamp: exactTimestamp(atMs), ...rest };
}
